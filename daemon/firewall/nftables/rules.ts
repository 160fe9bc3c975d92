/** The rules of our chains and the jumps to them, as the steps that the kernel takes. Pure. */
import type { Expression, RuleStep } from "../../../ffi/nfnetlink/ruleset.ts";
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import { PROTO_NUMBER } from "../../../lib/net/service.ts";
import { chainOf, type Field, fieldSize, type Home, NFPROTO_OF, type SetLayout } from "./set_layout.ts";

/** A rule without its place. */
export type RuleSteps = readonly RuleStep[];

/** `NFT_CT_*`. */
const CT_DIRECTION = 1, CT_STATUS = 2, CT_PORT = 12, CT_ADDRESS = { 4: 20, 6: 22 } as const;
/** A connection's status: it was sent to another address (`IPS_DST_NAT`), in the byte order of the host. */
const SENT_ELSEWHERE = Uint8Array.of(1 << 5, 0, 0, 0);
/** Registers are counted in words of this size. */
const WORD = 4;
/** `NFT_META_*`. */
const NFPROTO = 15, L4PROTO = 16;
/** Bases of `payload`. */
const NETWORK = 1, TRANSPORT = 2;
/** Where addresses stand in the header of a packet. */
const ADDRESS_OFFSET = { saddr: { 4: 12, 6: 8 }, daddr: { 4: 16, 6: 24 } } as const;
/** Where ports stand. */
const PORT_OFFSET = { sport: 0, dport: 2 } as const;

/** The rules that look packets up in the set, for a table of that family. */
export function rulesFor(layout: SetLayout, family: TableFamily): readonly RuleSteps[] {
  const steps = [
    ...familySteps(layout, family),
    ...(layout.slot === "published" ? PUBLISHED : []),
    ...keySteps(layout),
    ...endSteps(layout),
  ];
  if (!layout.value.includes("toPort") && layout.slot !== "published") return [steps];
  // A port can only be rewritten, or the one that was asked for be looked up, where the protocol is known to have one: `nft`
  // takes its own listing for nothing else.
  return [PROTO_NUMBER.tcp, PROTO_NUMBER.udp].map((proto) => [
    { kind: "meta", key: L4PROTO, to: 0 },
    { kind: "compare", from: 0, how: "eq", value: Uint8Array.of(proto) },
    ...steps,
  ]);
}

/** The jump to a chain of ours. */
export function jumpTo(home: Home): RuleSteps {
  return [{ kind: "verdict", verdict: { kind: "jump", chain: chainOf(home) } }];
}

/** The chain that the rule jumps to as its only step; null when it is another rule. */
export function plainJump([step, ...more]: readonly Expression[]): string | null {
  return more.length === 0 && step?.kind === "verdict" && step.verdict.kind === "jump" ? step.verdict.chain : null;
}

/** Whether two lists of rules do the same in the same order. */
export function sameRules(a: readonly (readonly Expression[])[], b: readonly (readonly Expression[])[]): boolean {
  return textOf(a) === textOf(b);
}

function textOf(rules: readonly (readonly Expression[])[]): string {
  return JSON.stringify(
    rules.map((steps) => steps.map((step) => Object.entries(step).toSorted(([a], [b]) => a < b ? -1 : 1))),
    (_, value) => value instanceof Uint8Array ? value.toHex() : value,
  );
}

/** Only tables of both families have to tell them apart. */
function familySteps(layout: SetLayout, family: TableFamily): RuleSteps {
  if (family !== "inet") return [];
  return [
    { kind: "meta", key: NFPROTO, to: 0 },
    { kind: "compare", from: 0, how: "eq", value: Uint8Array.of(NFPROTO_OF[layout.family]) },
  ];
}

/** Somebody's DNAT sent it here, and it comes from who began the connection. */
const PUBLISHED: RuleSteps = [
  { kind: "ct", key: CT_DIRECTION, to: 0 },
  { kind: "compare", from: 0, how: "eq", value: Uint8Array.of(0) },
  { kind: "ct", key: CT_STATUS, to: 0 },
  { kind: "bitwise", from: 0, to: 0, mask: SENT_ELSEWHERE, xor: new Uint8Array(4) },
  { kind: "compare", from: 0, how: "ne", value: new Uint8Array(4) },
];

/** What the set is asked for, part behind part. */
function keySteps(layout: SetLayout): RuleSteps {
  let to = 0;
  return layout.key.map((field) => {
    const step = loadStep(field, layout, to);
    to += Math.ceil(fieldSize(field, layout.family) / WORD);
    return step;
  });
}

/** Answers (output) come from the service's end. */
function loadStep(field: Field, { slot, family }: SetLayout, to: number): RuleStep {
  const answering = slot === "output";
  const length = fieldSize(field, family);
  if (field === "proto") return { kind: "meta", key: L4PROTO, to };
  // Its header has the inside address and port already.
  if (slot === "published" && field === "port") return { kind: "ct original", key: CT_PORT, to };
  if (slot === "published" && field === "destination") return { kind: "ct original", key: CT_ADDRESS[family], to };
  if (field === "port") {
    return { kind: "payload", base: TRANSPORT, offset: PORT_OFFSET[answering ? "sport" : "dport"], length, to };
  }
  const offset = ADDRESS_OFFSET[(field === "source") === answering ? "daddr" : "saddr"][family];
  return { kind: "payload", base: NETWORK, offset, length, to };
}

/** The look-up, and what becomes of the packet. */
function endSteps({ name, slot, family, value }: SetLayout): RuleSteps {
  const lookup = { kind: "lookup", from: 0, set: name, to: value.length === 0 ? null : 0, inverted: false } as const;
  const port = value.includes("toPort") ? (value.includes("to") ? fieldSize("to", family) / WORD : 0) : null;
  switch (slot) {
    case "dnat":
    case "snat":
      return [lookup, { kind: "nat", type: slot, family, address: 0, port }];
    case "masquerade":
      return [lookup, { kind: "masquerade", port }];
    default:
      return [lookup, { kind: "verdict", verdict: { kind: "accept" } }];
  }
}
