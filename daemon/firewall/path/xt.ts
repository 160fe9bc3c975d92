/**
 * Matches and targets of iptables that have no words of their own in nf_tables: the few that decide about most rulesets,
 * from the kernel's structures (linux/netfilter/xt_*.h). Pure.
 */
import type { Expression } from "../../../ffi/nfnetlink/ruleset.ts";
import {
  byteString,
  CT,
  DESTINATION_PORT,
  fieldOperand,
  type Operand,
  portString,
  SENT_ELSEWHERE,
  SOURCE_PORT,
  STATES,
} from "./operand.ts";
import { type Condition, CONTINUE, type Effect, OPAQUE, type Outcome, WHATEVER } from "./rule.ts";

/** What the client asked for. */
const ORIGINAL_PORT = fieldOperand(`ct original ${CT.destinationPort}`, 0, 2);
const DIRECTION = fieldOperand(`ct ${CT.direction}`, 0, 1);

const ADDRESS_TYPE = fieldOperand("address type", 0, 4);
/** `XT_ADDRTYPE_INVERT_DEST`. */
const INVERTED_DESTINATION = 1 << 1;

type Match = Pick<Extract<Expression, { readonly info: Uint8Array }>, "name" | "revision" | "info">;

/** After these a packet goes on with the next rule. */
const HARMLESS_TARGETS = new Set([
  ...["LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TCPMSS", "TTL", "HL", "DSCP", "TOS", "ECN", "SET"],
  ...["CHECKSUM", "CLASSIFY", "TRACE", "AUDIT", "SECMARK", "CONNSECMARK", "RATEEST", "HMARK", "TCPOPTSTRIP", "LED"],
  ...["IDLETIMER", "TEE"],
]);
const ACCEPTING_TARGETS = new Set(["ACCEPT", "SNAT", "MASQUERADE", "DNAT", "REDIRECT", "NETMAP", "TPROXY"]);
const TRANSLATING_TARGETS = new Set(["DNAT", "REDIRECT", "NETMAP", "TPROXY"]);

/** What a target makes of a packet, by its name. */
export function targetOutcome(name: string): Outcome {
  if (name === "DROP" || name === "REJECT" || name === "TARPIT") return { kind: "drop" };
  if (name === "RETURN") return { kind: "return" };
  if (name === "NFQUEUE" || name === "QUEUE") return { kind: "queue" };
  if (ACCEPTING_TARGETS.has(name)) return { kind: "accept" };
  return HARMLESS_TARGETS.has(name) ? CONTINUE : WHATEVER;
}

/** What a target does besides. CT may mean that a connection is not followed. */
export function targetEffect(name: string): Effect | null {
  if (name === "CT" || name === "NOTRACK") return "untrack";
  return TRANSLATING_TARGETS.has(name) ? "translate" : null;
}

/** What a match asks of a packet. */
export function matchConditions({ name, revision, info }: Match): readonly Condition[] {
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  switch (name) {
    case "comment":
      return [];
    case "tcp":
      return info.length < 12 ? [OPAQUE] : tcpConditions(view);
    case "udp":
      return info.length < 9 ? [OPAQUE] : portConditions(view, view.getUint8(8));
    case "multiport":
      return revision !== 1 || info.length < 48 ? [OPAQUE] : multiportConditions(view);
    case "state":
      return info.length < 4 ? [OPAQUE] : [stateCondition(view.getUint32(0, true), false)];
    case "conntrack":
      return (revision !== 2 && revision !== 3) || info.length < 152 ? [OPAQUE] : conntrackConditions(view, revision);
    case "addrtype":
      return revision !== 1 || info.length < 8 ? [OPAQUE] : addressTypeConditions(view);
    case "icmp":
    case "icmp6":
      return info.length < 4 ? [OPAQUE] : icmpConditions(view);
    default:
      return [OPAQUE];
  }
}

/** Whether the port is between the two. */
export function portRange(operand: Operand, [from, to]: readonly [number, number], inside: boolean): Condition {
  return { kind: "range", operand, inside, low: portString(from), high: portString(to) };
}

/** Whether the connection is in one of the states whose bits (`NF_CT_STATE_BIT`) are set. */
export function stateCondition(states: number, inverted: boolean): Condition {
  const operand = { bytes: STATES.bytes.map((byte, index) => ({ ...byte, mask: states >> 8 * index & 0xff })) };
  return { kind: "compare", operand, how: inverted ? "eq" : "ne", value: "\0\0\0\0" };
}

/** Whether the destination is to this host one of the types whose bits (`1 << RTN_*`) are set. */
export function addressTypeCondition(types: number, inverted: boolean): Condition {
  const numbers = Array.from({ length: 16 }, (_, type) => type).filter((type) => (types & 1 << type) !== 0);
  const conditions = numbers.map((type): Condition => ({
    kind: "compare",
    operand: ADDRESS_TYPE,
    how: "eq",
    value: byteString([type, 0, 0, 0]),
  }));
  return { kind: "any of", conditions, inverted };
}

/** `struct xt_addrtype_info_v1`. That of the source is not understood, nor that of an interface. */
function addressTypeConditions(view: DataView): readonly Condition[] {
  const [source, destination, flags] = [view.getUint16(0, true), view.getUint16(2, true), view.getUint32(4, true)];
  if (source !== 0 || destination === 0 || (flags & ~INVERTED_DESTINATION) !== 0) return [OPAQUE];
  return [addressTypeCondition(destination, flags !== 0)];
}

/** Two ranges of ports, and bits that turn each round. */
function portConditions(view: DataView, inverted: number): readonly Condition[] {
  return ([[SOURCE_PORT, 0, 1], [DESTINATION_PORT, 4, 2]] as const).flatMap(([operand, at, bit]) => {
    const [from, to] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const inside = (inverted & bit) === 0;
    return from === 0 && to === 0xffff && inside ? [] : [portRange(operand, [from, to], inside)];
  });
}

function tcpConditions(view: DataView): readonly Condition[] {
  const [option, mask] = [view.getUint8(8), view.getUint8(9)];
  const [flags, inverted] = [view.getUint8(10), view.getUint8(11)];
  const conditions = [...portConditions(view, inverted & 3)];
  if (mask !== 0) conditions.push(tcpFlags(mask, flags, (inverted & 4) !== 0));
  return option === 0 ? conditions : [...conditions, OPAQUE];
}

/** Whether of the flags in `mask` exactly those of `flags` are set. */
export function tcpFlags(mask: number, flags: number, inverted: boolean): Condition {
  const operand = { bytes: fieldOperand("transport", 13, 1).bytes.map((byte) => ({ ...byte, mask })) };
  return { kind: "compare", operand, how: inverted ? "ne" : "eq", value: byteString([flags]) };
}

function multiportConditions(view: DataView): readonly Condition[] {
  const [kind, count] = [view.getUint8(0), Math.min(15, view.getUint8(1))];
  const ranges: (readonly [number, number])[] = [];
  for (let index = 0; index < count; index++) {
    const from = view.getUint16(2 + 2 * index, true);
    // A mark says that the next one ends a range.
    const to = view.getUint8(32 + index) === 0 ? from : view.getUint16(2 + 2 * ++index, true);
    ranges.push([from, to]);
  }
  const operands = [...(kind === 1 ? [] : [SOURCE_PORT]), ...(kind === 0 ? [] : [DESTINATION_PORT])];
  const conditions = operands.flatMap((operand) => ranges.map(([from, to]) => portRange(operand, [from, to], true)));
  return [{ kind: "any of", conditions, inverted: view.getUint8(47) !== 0 }];
}

/** Asks nothing: the rule was written with `-m state`. */
const STATE_ALIAS = 1 << 13;

/** `XT_CONNTRACK_*`: what is asked. */
const ASKED = { state: 1, originalPort: 1 << 9, direction: 1 << 12 };
/** Two of its states are no states but what was done to the addresses: to the source, to the destination. */
const TRANSLATED = [{ state: 1 << 6, status: 1 << 4 }, { state: 1 << 7, status: SENT_ELSEWHERE }] as const;

/** `struct xt_conntrack_mtinfo3`, of which the second revision has no ranges of ports. Other things that it asks are not understood. */
function conntrackConditions(view: DataView, revision: number): readonly Condition[] {
  const [asked, inverted, states] = [view.getUint16(146, true), view.getUint16(148, true), view.getUint16(150, true)];
  const known = ASKED.state | STATE_ALIAS | ASKED.direction |
    (revision === 3 && view.byteLength >= 158 ? ASKED.originalPort : 0);
  const has = (what: number) => (asked & known & what) !== 0;
  const isTurned = (what: number) => (inverted & what) !== 0;
  return [
    ...has(ASKED.state) ? [conntrackState(states, isTurned(ASKED.state))] : [],
    ...has(ASKED.originalPort)
      ? [
        portRange(ORIGINAL_PORT, [view.getUint16(140, true), view.getUint16(156, true)], !isTurned(ASKED.originalPort)),
      ]
      : [],
    ...has(ASKED.direction)
      ? [{ kind: "compare", operand: DIRECTION, how: isTurned(ASKED.direction) ? "ne" : "eq", value: "\0" } as const]
      : [],
    ...(asked & ~known) === 0 ? [] : [OPAQUE],
  ];
}

function conntrackState(states: number, inverted: boolean): Condition {
  const translated = TRANSLATED.filter(({ state }) => (states & state) !== 0);
  const plain = translated.reduce((left, { state }) => left & ~state, states);
  if (translated.length === 0) return stateCondition(plain, inverted);
  const conditions = [
    ...plain === 0 ? [] : [stateCondition(plain, false)],
    ...translated.map(({ status }): Condition => ({
      kind: "compare",
      operand: { bytes: fieldOperand(`ct ${CT.status}`, 0, 1).bytes.map((byte) => ({ ...byte, mask: status })) },
      how: "ne",
      value: "\0",
    })),
  ];
  return { kind: "any of", conditions, inverted };
}

function icmpConditions(view: DataView): readonly Condition[] {
  const [type, inverted] = [view.getUint8(0), view.getUint8(3)];
  if (type === 0xff) return [];
  const ofType: Condition = {
    kind: "compare",
    operand: fieldOperand("transport", 0, 1),
    how: "eq",
    value: byteString([type]),
  };
  const whole = view.getUint8(1) === 0 && view.getUint8(2) === 0xff;
  const both = whole ? [ofType] : [ofType, OPAQUE];
  return inverted === 0 ? both : whole ? [{ ...ofType, how: "ne" }] : [OPAQUE];
}
