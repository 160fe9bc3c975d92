/** The expressions of a rule from their bytes. Whatever the bytes are, the result is a list and never an error. Pure. */
import { CT_ORIGINAL, FIB, NAT_NETMAP, NFPROTO, NFT_LOOKUP_INVERTED, NFTA, VERDICT } from "./constants.ts";
import type { Comparison, Expression, Verdict } from "./ruleset.ts";
import { be32At, bytesAt, entries, find, NOWHERE, textAt } from "./scan.ts";

/** `enum nft_cmp_ops` in order. */
export const COMPARISONS: readonly Comparison[] = ["eq", "ne", "lt", "le", "gt", "ge"];

/** Reads one expression's data; null when it does not make sense or says more than {@link Expression} can. */
type Decoder = (bytes: Uint8Array, data: number) => Expression | null;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["payload", decodePayload],
  ["meta", decodeMeta],
  ["ct", decodeCt],
  ["bitwise", decodeBitwise],
  ["byteorder", decodeByteorder],
  ["cmp", decodeCompare],
  ["range", decodeRange],
  ["lookup", decodeLookup],
  ["immediate", decodeImmediate],
  ["reject", () => ({ kind: "reject" })],
  ["nat", decodeNat],
  ["masq", (bytes, data) => ({ kind: "masquerade", port: register(bytes, find(bytes, data, NFTA.masquerade.port)) })],
  ["redir", decodeRedirect],
  ["fib", decodeFib],
  ["match", (bytes, data) => decodeXt("xt match", bytes, data)],
  ["target", (bytes, data) => decodeXt("xt target", bytes, data)],
  ["queue", () => ({ kind: "verdict", verdict: { kind: "queue" } })],
  ["fwd", () => ({ kind: "verdict", verdict: { kind: "queue" } })],
]);

/** In which attribute other expressions, and odd forms of those above, name the register that they write. */
const DESTINATIONS: ReadonlyMap<string, number> = new Map([
  ["bitwise", NFTA.bitwise.to],
  ["byteorder", NFTA.byteorder.to],
  ["ct", NFTA.ct.to],
  ["exthdr", 1],
  ["fib", 1],
  ["hash", 2],
  ["immediate", NFTA.immediate.to],
  ["lookup", NFTA.lookup.to],
  ["meta", NFTA.meta.to],
  ["numgen", 1],
  ["osf", 1],
  ["payload", NFTA.payload.to],
  ["rt", 1],
  ["socket", 2],
  ["tunnel", 2],
  ["xfrm", 1],
]);

/** Expressions that write a register into the packet or its entry when this attribute is there. */
const SOURCES: ReadonlyMap<string, number> = new Map([
  ["payload", NFTA.payload.from],
  ["meta", NFTA.meta.from],
  ["ct", NFTA.ct.from],
]);

/**
 * The expressions of the list at that place (see `scan.ts`). Byte arrays in them are views of `bytes`: who keeps one for long
 * copies it.
 */
export function decodeExpressions(bytes: Uint8Array, list: number): readonly Expression[] {
  return entries(bytes, list).map((entry) => decodeExpression(bytes, entry));
}

function decodeExpression(bytes: Uint8Array, entry: number): Expression {
  const name = textAt(bytes, find(bytes, entry, NFTA.expr.name));
  const data = find(bytes, entry, NFTA.expr.data);
  const source = SOURCES.get(name);
  if (source !== undefined && find(bytes, data, source) !== NOWHERE) {
    return { kind: "other", name: `${name} set`, to: null };
  }
  return DECODERS.get(name)?.(bytes, data) ?? { kind: "other", name, to: destination(name, bytes, data) };
}

function destination(name: string, bytes: Uint8Array, data: number): number | null {
  const attribute = DESTINATIONS.get(name);
  return attribute === undefined ? null : register(bytes, find(bytes, data, attribute));
}

/** The verdict of a datum; null when it is none or one that is not known. */
export function decodeVerdict(bytes: Uint8Array, datum: number): Verdict | null {
  const verdict = find(bytes, datum, NFTA.data.verdict);
  const code = be32At(bytes, find(bytes, verdict, NFTA.verdict.code));
  switch (code) {
    case null:
      return null;
    case VERDICT.continue:
    // To go on with the next rule is all that either does.
    case VERDICT.break:
      return { kind: "continue" };
    case VERDICT.return:
      return { kind: "return" };
    case VERDICT.jump:
    case VERDICT.goto:
      return {
        kind: code === VERDICT.jump ? "jump" : "goto",
        chain: textAt(bytes, find(bytes, verdict, NFTA.verdict.chain)),
      };
  }
  // Above the verdict itself stand the number of a queue, or the error that a drop is told as.
  switch (code & 0xff) {
    case VERDICT.drop:
      return { kind: "drop" };
    case VERDICT.accept:
      return { kind: "accept" };
    case VERDICT.stolen:
    case VERDICT.queue:
    case VERDICT.repeat:
      return { kind: "queue" };
    default:
      return null;
  }
}

/** The bytes of a datum; null when it has none. */
export function decodeValue(bytes: Uint8Array, datum: number): Uint8Array | null {
  return bytesAt(bytes, find(bytes, datum, NFTA.data.value));
}

/** A register by the number of its first 32-bit part; null when there is no such one. */
function register(bytes: Uint8Array, place: number): number | null {
  const number = be32At(bytes, place);
  if (number === null) return null;
  if (number >= 1 && number <= 4) return 4 * (number - 1);
  return number >= 8 && number <= 23 ? number - 8 : null;
}

function decodePayload(bytes: Uint8Array, data: number): Expression | null {
  const to = register(bytes, find(bytes, data, NFTA.payload.to));
  const base = be32At(bytes, find(bytes, data, NFTA.payload.base));
  const offset = be32At(bytes, find(bytes, data, NFTA.payload.offset));
  const length = be32At(bytes, find(bytes, data, NFTA.payload.length));
  if (to === null || base === null || offset === null || length === null) return null;
  return { kind: "payload", base, offset, length, to };
}

function decodeMeta(bytes: Uint8Array, data: number): Expression | null {
  const to = register(bytes, find(bytes, data, NFTA.meta.to));
  const key = be32At(bytes, find(bytes, data, NFTA.meta.key));
  return to === null || key === null ? null : { kind: "meta", key, to };
}

function decodeCt(bytes: Uint8Array, data: number): Expression | null {
  const to = register(bytes, find(bytes, data, NFTA.ct.to));
  const key = be32At(bytes, find(bytes, data, NFTA.ct.key));
  if (to === null || key === null) return null;
  // With a direction it is not this packet's own value.
  const direction = find(bytes, data, NFTA.ct.direction);
  if (direction === NOWHERE) return { kind: "ct", key, to };
  return bytesAt(bytes, direction)?.[0] === CT_ORIGINAL ? { kind: "ct original", key, to } : null;
}

function decodeBitwise(bytes: Uint8Array, data: number): Expression | null {
  // Operation 0, mask and xor, is not always named; the others are shifts and those with two registers.
  if ((be32At(bytes, find(bytes, data, NFTA.bitwise.operation)) ?? 0) !== 0) return null;
  const from = register(bytes, find(bytes, data, NFTA.bitwise.from));
  const to = register(bytes, find(bytes, data, NFTA.bitwise.to));
  const mask = decodeValue(bytes, find(bytes, data, NFTA.bitwise.mask));
  const xor = decodeValue(bytes, find(bytes, data, NFTA.bitwise.xor));
  if (from === null || to === null || mask === null || xor === null) return null;
  return { kind: "bitwise", from, to, mask, xor };
}

function decodeByteorder(bytes: Uint8Array, data: number): Expression | null {
  const from = register(bytes, find(bytes, data, NFTA.byteorder.from));
  const to = register(bytes, find(bytes, data, NFTA.byteorder.to));
  const size = be32At(bytes, find(bytes, data, NFTA.byteorder.size));
  const length = be32At(bytes, find(bytes, data, NFTA.byteorder.length));
  if (from === null || to === null || size === null || length === null) return null;
  return { kind: "byteorder", from, to, size, length };
}

function decodeCompare(bytes: Uint8Array, data: number): Expression | null {
  const from = register(bytes, find(bytes, data, NFTA.compare.from));
  const how = COMPARISONS[be32At(bytes, find(bytes, data, NFTA.compare.how)) ?? -1];
  const value = decodeValue(bytes, find(bytes, data, NFTA.compare.value));
  return from === null || how === undefined || value === null ? null : { kind: "compare", from, how, value };
}

function decodeRange(bytes: Uint8Array, data: number): Expression | null {
  const from = register(bytes, find(bytes, data, NFTA.range.from));
  const how = be32At(bytes, find(bytes, data, NFTA.range.how));
  const low = decodeValue(bytes, find(bytes, data, NFTA.range.low));
  const high = decodeValue(bytes, find(bytes, data, NFTA.range.high));
  if (from === null || (how !== 0 && how !== 1) || low === null || high === null) return null;
  return { kind: "range", from, inside: how === 0, low, high };
}

function decodeLookup(bytes: Uint8Array, data: number): Expression | null {
  const from = register(bytes, find(bytes, data, NFTA.lookup.from));
  if (from === null) return null;
  const target = find(bytes, data, NFTA.lookup.to);
  const to = target === NOWHERE ? null : be32At(bytes, target) === 0 ? "verdict" : register(bytes, target);
  if (target !== NOWHERE && to === null) return null;
  const flags = be32At(bytes, find(bytes, data, NFTA.lookup.flags)) ?? 0;
  const set = textAt(bytes, find(bytes, data, NFTA.lookup.set));
  return { kind: "lookup", from, set, to, inverted: (flags & NFT_LOOKUP_INVERTED) !== 0 };
}

function decodeImmediate(bytes: Uint8Array, data: number): Expression | null {
  const datum = find(bytes, data, NFTA.immediate.data);
  const verdict = decodeVerdict(bytes, datum);
  if (verdict !== null) return { kind: "verdict", verdict };
  const to = register(bytes, find(bytes, data, NFTA.immediate.to));
  const value = decodeValue(bytes, datum);
  return to === null || value === null ? null : { kind: "load", to, value };
}

function decodeNat(bytes: Uint8Array, data: number): Expression | null {
  const type = be32At(bytes, find(bytes, data, NFTA.nat.type));
  if (type !== 0 && type !== 1) return null;
  const family = be32At(bytes, find(bytes, data, NFTA.nat.family));
  const { address, addressEnd, port, portEnd, flags } = NFTA.nat;
  const isNetwork = ((be32At(bytes, find(bytes, data, flags)) ?? 0) & NAT_NETMAP) !== 0;
  const several = isNetwork || isRange(bytes, data, [address, addressEnd]) || isRange(bytes, data, [port, portEnd]);
  return {
    kind: "nat",
    type: type === 0 ? "snat" : "dnat",
    family: family === NFPROTO.ip ? 4 : family === NFPROTO.ip6 ? 6 : null,
    address: register(bytes, find(bytes, data, address)),
    port: register(bytes, find(bytes, data, port)),
    ...several ? { several } : {},
  };
}

/** Whether the end is another one than the beginning. */
function isRange(bytes: Uint8Array, data: number, [first, last]: readonly [first: number, last: number]): boolean {
  const end = be32At(bytes, find(bytes, data, last));
  return end !== null && end !== be32At(bytes, find(bytes, data, first));
}

function decodeRedirect(bytes: Uint8Array, data: number): Expression {
  const { port, portEnd } = NFTA.redirect;
  return {
    kind: "redirect",
    port: register(bytes, find(bytes, data, port)),
    several: isRange(bytes, data, [port, portEnd]),
  };
}

/** Without a condition on the interface; other questions to the routing are not understood. */
function decodeFib(bytes: Uint8Array, data: number): Expression | null {
  const to = register(bytes, find(bytes, data, NFTA.fib.to));
  const result = be32At(bytes, find(bytes, data, NFTA.fib.result));
  const flags = be32At(bytes, find(bytes, data, NFTA.fib.flags));
  if (to === null || result !== FIB.addressType || flags !== FIB.destination) return null;
  return { kind: "address type", to };
}

function decodeXt(kind: "xt match" | "xt target", bytes: Uint8Array, data: number): Expression | null {
  const name = textAt(bytes, find(bytes, data, NFTA.xt.name));
  const revision = be32At(bytes, find(bytes, data, NFTA.xt.revision)) ?? 0;
  const info = bytesAt(bytes, find(bytes, data, NFTA.xt.info));
  return name === "" || info === null ? null : { kind, name, revision, info };
}
