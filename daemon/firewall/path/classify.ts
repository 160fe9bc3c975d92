/** What a base chain does with packets in general: decides where our jumps go, and what an operator is warned of. Pure. */
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import type { Drops, PathChain } from "./model.ts";
import { CT, META } from "./operand.ts";
import { ordinaryPacket, type Packet, partialPacket } from "./packet.ts";
import { reachedRules } from "./reach.ts";
import { type Condition, matches, type Rule } from "./rule.ts";
import { ACCEPTED, DROPPED, endingsOf, mayBeDropped, THROUGH, type Walkable, walkChain } from "./walk.ts";

/** A base chain to look at. `table` grants nothing: jumps of ours are passed over. */
export interface Classified {
  readonly table: Walkable;
  readonly family: TableFamily;
  readonly chain: string;
  readonly policy: "accept" | "drop";
  /** Whether packets have a state there. */
  readonly tracked: boolean;
}

const ICMPV6 = 58, NEIGHBOUR_SOLICITATION = 135;
const ANY = partialPacket({});
const NEW = partialPacket({ state: "new" });
const ESTABLISHED = partialPacket({ state: "established" });
const DISCOVERY = partialPacket({ family: 6, protocol: ICMPV6, icmpType: NEIGHBOUR_SOLICITATION });
const TCP6 = partialPacket({ family: 6, protocol: 6 });

/** Looks at a chain. */
export function classify(
  one: Classified,
): Pick<PathChain, "drops" | "acceptsEstablished" | "acceptsNeighbourDiscovery"> {
  let [acceptsEstablished, acceptsNeighbourDiscovery] = [false, false];
  for (const rule of reachedRules(one.table, one.chain)) {
    if (!["accept", "jump", "goto", "map"].includes(rule.outcome.kind)) continue;
    acceptsEstablished ||= asks(rule, [`ct ${CT.state}`]) && isMadeFor(one.table, rule, [ESTABLISHED, NEW]);
    acceptsNeighbourDiscovery ||= asks(rule, [`meta ${META.l4proto}`, "network"]) &&
      isMadeFor(one.table, rule, [DISCOVERY, TCP6]);
  }
  return { drops: dropsOf(one), acceptsEstablished, acceptsNeighbourDiscovery };
}

function dropsOf(one: Classified): Drops {
  const families = one.family === "ip" ? [4] as const : one.family === "ip6" ? [6] as const : [4, 6] as const;
  const ordinary = (proto?: "tcp" | "udp") =>
    families.map((family) => endings(one, ordinaryPacket(family, one.tracked, proto)));
  if (ordinary().includes(DROPPED)) return "default";
  if ([...ordinary("tcp"), ...ordinary("udp")].some((may) => (may & DROPPED) !== 0)) return "service";
  // One that may come through meets the policy.
  return mayBeDropped(one.table, one.chain, ANY) || (endings(one, ANY) & DROPPED) !== 0 ? "some" : "nothing";
}

function endings({ table, chain, policy }: Classified, packet: Packet): number {
  const { may } = walkChain(table, chain, packet);
  return (may & THROUGH) === 0 ? may : may & ~THROUGH | (policy === "drop" ? DROPPED : ACCEPTED);
}

/** Whether the rule lets the first packet through by what it asks, and not the second one. */
function isMadeFor(table: Walkable, rule: Rule, [first, second]: readonly [Packet, Packet]): boolean {
  const accepts = (packet: Packet) =>
    matches(rule, packet, table.sets) !== false && (endingsOf(table, rule, packet) & ACCEPTED) !== 0;
  return accepts(first) && !accepts(second);
}

/** Whether the rule looks at one of the fields. */
function asks({ conditions, outcome }: Rule, fields: readonly string[]): boolean {
  const asked = (condition: Condition): boolean =>
    condition.kind === "any of"
      ? condition.conditions.some(asked)
      : condition.kind !== "opaque" && condition.operand.bytes.some(({ field }) => fields.includes(field));
  return conditions.some(asked) || (outcome.kind === "map" && asked(outcome.lookUp));
}
