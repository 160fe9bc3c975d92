/**
 * Which packet filter the daemon works with. The decision is a pure function of the configuration and of what was found
 * on the host; it comes with the one line that the daemon says at start.
 */
import { fail, ok, type Result } from "../../lib/result.ts";

/** The backends that open doors. */
export type BackendName = "nftables" | "iptables";

/** What was found on the host. */
export interface HostSurvey {
  /** Why nftables cannot be used (no libnftables and no nft, no permission), or null when it can. */
  readonly nftablesBlocker: string | null;
  /** Base chains on the input hook that can drop and are the administrator's own: `inet filter input`. */
  readonly nativeHooks: readonly string[];
  /** Base chains on the input hook that can drop and belong to iptables-nft: `ip filter INPUT`. */
  readonly managedHooks: readonly string[];
  /** Whether FIREWALL_EXE is there. */
  readonly hasIptables: boolean;
}

/** What the configuration says about it. */
export interface Preference {
  /** FIREWALL. */
  readonly directive: "auto" | BackendName;
  /** Which of FIREWALL_EXE and IPT_*_ACCESS were given, by the name as written. */
  readonly iptablesDirectives: readonly string[];
}

/** The decision. */
export interface Choice {
  readonly backend: BackendName;
  /** Ends the line `firewall: nftables, because …`. */
  readonly because: string;
  /** What the operator should know besides: the choice may not be the whole road of a packet. */
  readonly warning: string | null;
}

/** What is wrong when there is no packet filter to work with. */
export interface NoFirewall {
  readonly message: string;
  readonly hint: string;
}

/** Decides. The survey is asked only when the configuration leaves it open. */
export function chooseFirewall(preference: Preference, survey: () => HostSurvey): Result<Choice, NoFirewall> {
  const { directive, iptablesDirectives: [configured] } = preference;
  if (directive !== "auto") return ok(choice(directive, `FIREWALL is ${directive}`));
  if (configured !== undefined) return ok(choice("iptables", `${configured} is configured`));
  const { nftablesBlocker, nativeHooks, managedHooks, hasIptables } = survey();
  const [native] = nativeHooks;
  const [managed] = managedHooks;
  if (native !== undefined && nftablesBlocker === null) {
    const warning = managed === undefined
      ? null
      : `${managed} belongs to iptables and can drop too: what it drops stays shut, whatever nftables lets in`;
    return ok({ ...choice("nftables", `${native} can drop`), warning });
  }
  if (managed !== undefined && hasIptables) return ok(choice("iptables", `${managed} is managed by iptables`));
  if (hasIptables) {
    if (native === undefined) return ok(choice("iptables", "no native nftables chain stands in the way of packets"));
    return ok({
      ...choice("iptables", `nftables cannot be used: ${nftablesBlocker}`),
      warning: `${native} is no chain of iptables and can drop: what it drops stays shut, whatever iptables lets in`,
    });
  }
  if (nftablesBlocker === null) return ok(choice("nftables", "iptables is not installed"));
  return fail({
    message: `Cannot find a packet filter: iptables is not installed, and nftables cannot be used (${nftablesBlocker})`,
    hint: "install the Debian package nftables or iptables, or set FIREWALL_EXE to where iptables is",
  });
}

/** The line at start. */
export function formatChoice(choice: Choice): string {
  return `firewall: ${choice.backend}, because ${choice.because}`;
}

function choice(backend: BackendName, because: string): Choice {
  return { backend, because, warning: null };
}
