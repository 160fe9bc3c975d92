/**
 * Which packet filter the daemon works with. The decision is a pure function of the configuration and of what was found
 * on the host; it comes with the one line that the daemon says at start.
 */
import { fail, ok, type Result } from "../../lib/result.ts";
import type { Backend, DroppingChain, Survey } from "./backend.ts";

/** A packet filter that may be chosen, the preferred ones first, and what it found on the host. */
export interface Candidate {
  readonly backend: Pick<Backend, "name" | "otherwise">;
  readonly survey: Survey;
}

/** What the configuration says about it. */
export interface Preference {
  /** FIREWALL: `auto` or a name. */
  readonly directive: string;
  /** Variables that were set and that only one packet filter has a use for, by the name as written. */
  readonly decisive: readonly { readonly backend: string; readonly directive: string }[];
}

/** The decision. */
export interface Choice {
  /** The name of the packet filter. */
  readonly backend: string;
  /** Ends the line `firewall: nftables, because …`. */
  readonly because: string;
  /** What the operator should know besides: another packet filter may still drop what this one lets in. */
  readonly warning: string | null;
}

/** What the configuration alone decides; null when the host has to be looked at. */
export function chooseByConfiguration({ directive, decisive: [decisive] }: Preference): Choice | null {
  if (directive !== "auto") return { backend: directive, because: `FIREWALL is ${directive}`, warning: null };
  if (decisive === undefined) return null;
  return { backend: decisive.backend, because: `${decisive.directive} is configured`, warning: null };
}

/**
 * Decides by what was found: the first that can be used and has a chain that can drop, else one that can be used. The
 * fault is the sentence that says why each of them cannot.
 */
export function chooseByHost(candidates: readonly Candidate[]): Result<Choice, string> {
  const usable = candidates.filter(({ survey }) => survey.blocker === null);
  const dropping = candidates.flatMap(({ backend, survey }) =>
    survey.dropping.map((one) => ({ ...one, seenBy: backend.name }))
  );
  for (const { backend: { name } } of usable) {
    const own = dropping.find(({ owner }) => owner === name);
    if (own === undefined) continue;
    const because = own.seenBy === name ? `${own.chain} can drop` : `${own.chain} is managed by ${name}`;
    return ok({ backend: name, because, warning: warningFor(name, dropping) });
  }
  const blockers = candidates.map(({ survey }) => survey.blocker).filter((blocker) => blocker !== null);
  const [chosen] = [...usable.filter(({ backend }) => backend.otherwise !== null), ...usable];
  if (chosen === undefined) return fail(blockers.toReversed().join(", and "));
  const { name, otherwise } = chosen.backend;
  const because = dropping.length === 0 && otherwise !== null ? otherwise : blockers.join(", and ");
  return ok({ backend: name, because, warning: warningFor(name, dropping) });
}

/** What another packet filter drops, this one cannot let in. */
function warningFor(name: string, dropping: readonly DroppingChain[]): string | null {
  const other = dropping.find(({ owner }) => owner !== name);
  if (other === undefined) return null;
  return `${other.chain} belongs to ${other.owner} and can drop too: what it drops stays shut, whatever ${name} lets in`;
}

/** The line at start. */
export function formatChoice({ backend, because }: Choice): string {
  return `firewall: ${backend}, because ${because}`;
}
