/**
 * From the NAT directives of a stanza to its policy, and what cannot be about them: what the C daemon finds (facts/configuration
 * 7), and what would only come out when somebody knocks. Pure.
 */
import { DATA_ERROR } from "./files.ts";
import type { SettingsOf } from "../../lib/settings/resolve.ts";
import type { Origin, Problem } from "../../lib/settings/setting.ts";
import { UNSPECIFIED4 } from "../../lib/net/address.ts";
import {
  allowsEnd,
  isHostAddress,
  isUnspecified,
  type NatEnd,
  type NatPolicy,
  type NatSwitches,
} from "../grants/nat_policy.ts";
import type { FirewallConfig } from "../firewall/backends.ts";
import type { ACCESS_SETTINGS } from "./access_settings.ts";

/** What of a stanza is about NAT. */
export type NatValues = Pick<
  SettingsOf<typeof ACCESS_SETTINGS>,
  "forceNat" | "forceSnat" | "forceMasquerade" | "disableDnat" | "forwardAll" | "natAllow"
>;

/** Where these were said, where the stanza begins, and what fwknopd.conf switches on. */
export interface NatContext {
  readonly origins: { readonly [Key in keyof NatValues]?: Origin };
  readonly origin: Origin;
  /** The stanza's SOURCE, by which the C daemon names it. */
  readonly source: string;
  readonly switches: NatSwitches;
}

/** The policy; what is wrong with it goes to `problems`. */
export function resolveNat(values: NatValues, context: NatContext, problems: Problem[]): NatPolicy {
  const { forceSnat = null, forceMasquerade, disableDnat, forwardAll, natAllow = null } = values;
  const forced = forceSnat !== null || forceMasquerade;
  // As in the C daemon: whatever host the client addresses.
  const implied: NatEnd | null = forced && forwardAll ? { to: UNSPECIFIED4, port: 0 } : null;
  const policy: NatPolicy = {
    forceNat: values.forceNat ?? implied,
    forceSnat,
    forceMasquerade,
    disableDnat,
    forwardAll,
    allow: natAllow,
  };
  problems.push(...objections(policy, values, context));
  return policy;
}

/** What comes of the rules of the C daemon, and who may not know it. */
export function natWarnings(
  { switches, nat }: Pick<FirewallConfig, "switches" | "nat">,
  stanzas: readonly { readonly nat: NatPolicy }[],
): readonly string[] {
  if (!(switches.forwarding || switches.localNat) || nat.masqueradeAnyPort) return [];
  const pins = ({ nat: { forceSnat, forceMasquerade, forwardAll } }: (typeof stanzas)[number]) =>
    !forwardAll && forceSnat === null && (forceMasquerade || (nat.snat && nat.snatTranslate.length === 0));
  if (!stanzas.some(pins)) return [];
  return [
    "Masquerading gives every connection the requested port as its source port, as the C daemon does: only one at a time " +
    "gets through to an inside port (set ENABLE_MASQUERADE_ANY_PORT Y, or name the address: SNAT_TRANSLATE_IP, FORCE_SNAT)",
  ];
}

type Key = keyof NatValues;

/** One thing that is wrong. */
interface Objection {
  readonly key: Key;
  readonly message: string;
  readonly hint: string;
  /** What becomes of it where STRICT is N, because the C daemon takes it. */
  readonly lenient?: string;
}

const USELESS = "nothing will be opened";

function objections(policy: NatPolicy, values: NatValues, context: NatContext): readonly Problem[] {
  const found = [
    ...switchObjections(values, context.switches),
    ...endObjections(values),
    ...sourceObjections(values, context),
  ];
  const all = found.length > 0 ? found : allowObjections(policy, values);
  return all.map(({ key, ...said }) => ({ origin: context.origins[key] ?? context.origin, ...said }));
}

function switchObjections(values: NatValues, { forwarding, localNat }: NatSwitches): readonly Objection[] {
  if (forwarding || localNat) return [];
  const said: readonly (readonly [Key, string, boolean])[] = [
    ["forceNat", "FORCE_NAT", values.forceNat !== undefined],
    ["forceSnat", "FORCE_SNAT", values.forceSnat !== undefined],
    ["forceMasquerade", "FORCE_MASQUERADE", values.forceMasquerade],
  ];
  return said.filter(([, , is]) => is).map(([key, name]) => ({
    key,
    message: `${name} requires either ENABLE_IPT_FORWARDING or ENABLE_IPT_LOCAL_NAT in fwknopd.conf`,
    hint: "set ENABLE_IPT_FORWARDING Y there",
    ...key === "forceMasquerade" ? { lenient: USELESS } : {},
  }));
}

/** Where FORCE_NAT leads, if anywhere. */
function endObjections({ forceNat, forwardAll }: NatValues): readonly Objection[] {
  if (forceNat === undefined || (forwardAll && isUnspecified(forceNat.to))) return [];
  const { to, port } = forceNat;
  if (!isHostAddress(to)) {
    const message = `FORCE_NAT: ${to.text} is no host (invalid FORCE_NAT IP)`;
    return [{ key: "forceNat", message, hint: "name the inside host", lenient: USELESS }];
  }
  if (port > 0 || forwardAll) return [];
  const message = "FORCE_NAT: invalid FORCE_NAT port 0: no packet goes there";
  return [{ key: "forceNat", message, hint: "name the port of the inside host", lenient: USELESS }];
}

/** Which address its packets get. */
function sourceObjections(values: NatValues, { source }: NatContext): readonly Objection[] {
  const { forceNat, forceSnat, forceMasquerade, forwardAll } = values;
  const found: Objection[] = [];
  const key = forceSnat === undefined ? "forceMasquerade" : "forceSnat";
  if ((forceSnat !== undefined || forceMasquerade) && forceNat === undefined && !forwardAll) {
    found.push({
      key,
      message: `FORCE_SNAT/FORCE_MASQUERADE requires either FORCE_NAT or FORWARD_ALL: '${source}' ${DATA_ERROR}`,
      hint: "add one of them, or remove the line",
    });
  }
  if (forceSnat === undefined) return found;
  if (!isHostAddress(forceSnat)) {
    const message = `FORCE_SNAT: ${forceSnat.text} is the address of no host (invalid FORCE_SNAT IP)`;
    found.push({ key, message, hint: "name an address of this host" });
  } else if (forceNat !== undefined && !isUnspecified(forceNat.to) && forceNat.to.family !== forceSnat.family) {
    const message = `FORCE_SNAT: ${forceSnat.text} and ${forceNat.to.text} of FORCE_NAT are of different IP versions`;
    found.push({ key, message, hint: "name an address of this host of the same version" });
  }
  return found;
}

/** What the stanza forces and does not allow. */
function allowObjections(policy: NatPolicy, { forceNat }: NatValues): readonly Objection[] {
  const { forceNat: end, allow } = policy;
  if (allow === null || end === null) return [];
  if (isUnspecified(end.to)) {
    const message = "NAT_ALLOW: FORWARD_ALL without an inside host leads to every host, which this would limit";
    return [{ key: "natAllow", message, hint: "name the inside host with FORCE_NAT, or remove NAT_ALLOW" }];
  }
  if (forceNat === undefined || allowsEnd(policy, end)) return [];
  const where = policy.forwardAll ? "every port (FORWARD_ALL)" : `port ${end.port}`;
  const message = `NAT_ALLOW: it does not list where FORCE_NAT leads: ${end.to.text}, ${where}`;
  return [{ key: "natAllow", message, hint: "add it, or remove NAT_ALLOW: nothing else is reached" }];
}
