/** The expressions of a rule of ours as attributes, as nft sends them. Pure. */
import { type Attribute, be32Attribute, stringAttribute } from "./codec.ts";
import { CT_ORIGINAL, NFPROTO, NFT_LOOKUP_INVERTED, NFTA, VERDICT } from "./constants.ts";
import { COMPARISONS } from "./expressions.ts";
import type { RuleStep, Verdict } from "./ruleset.ts";

/** `NF_NAT_RANGE_PROTO_SPECIFIED`. */
const PORT_IS_SPECIFIED = 2;
const VERDICT_REGISTER = 0;

/** The list of a rule's expressions. */
export function expressionsAttribute(steps: readonly RuleStep[]): Attribute {
  return {
    type: NFTA.rule.expressions,
    value: steps.map((step) => {
      const [name, data] = encodeStep(step);
      return {
        type: NFTA.listElem,
        value: [stringAttribute(NFTA.expr.name, name), { type: NFTA.expr.data, value: data }],
      };
    }),
  };
}

function encodeStep(step: RuleStep): readonly [name: string, data: readonly Attribute[]] {
  switch (step.kind) {
    case "payload":
      return ["payload", [
        register(NFTA.payload.to, step.to),
        be32Attribute(NFTA.payload.base, step.base),
        be32Attribute(NFTA.payload.offset, step.offset),
        be32Attribute(NFTA.payload.length, step.length),
      ]];
    case "meta":
      return ["meta", [be32Attribute(NFTA.meta.key, step.key), register(NFTA.meta.to, step.to)]];
    case "ct":
    case "ct original":
      return ["ct", encodeCt(step)];
    case "bitwise":
      return ["bitwise", encodeBitwise(step)];
    case "compare":
      return ["cmp", [
        register(NFTA.compare.from, step.from),
        be32Attribute(NFTA.compare.how, COMPARISONS.indexOf(step.how)),
        { type: NFTA.compare.value, value: [{ type: NFTA.data.value, value: step.value }] },
      ]];
    case "lookup":
      return ["lookup", encodeLookup(step)];
    case "verdict":
      return ["immediate", [
        be32Attribute(NFTA.immediate.to, VERDICT_REGISTER),
        { type: NFTA.immediate.data, value: [{ type: NFTA.data.verdict, value: encodeVerdict(step.verdict) }] },
      ]];
    case "nat":
      return ["nat", encodeNat(step)];
    case "masquerade":
      return ["masq", [
        ...step.port === null ? [] : [be32Attribute(NFTA.masquerade.flags, PORT_IS_SPECIFIED)],
        ...optionalRegister(NFTA.masquerade.port, step.port),
      ]];
  }
}

type Kind<Name extends RuleStep["kind"]> = Extract<RuleStep, { readonly kind: Name }>;

function encodeCt({ kind, key, to }: Kind<"ct" | "ct original">): readonly Attribute[] {
  return [
    be32Attribute(NFTA.ct.key, key),
    register(NFTA.ct.to, to),
    ...kind === "ct" ? [] : [{ type: NFTA.ct.direction, value: Uint8Array.of(CT_ORIGINAL) }],
  ];
}

function encodeBitwise({ from, to, mask, xor }: Kind<"bitwise">): readonly Attribute[] {
  return [
    register(NFTA.bitwise.from, from),
    register(NFTA.bitwise.to, to),
    be32Attribute(NFTA.bitwise.length, mask.length),
    { type: NFTA.bitwise.mask, value: [{ type: NFTA.data.value, value: mask }] },
    { type: NFTA.bitwise.xor, value: [{ type: NFTA.data.value, value: xor }] },
  ];
}

function encodeLookup({ from, set, to, inverted }: Kind<"lookup">): readonly Attribute[] {
  return [
    register(NFTA.lookup.from, from),
    ...to === "verdict" ? [be32Attribute(NFTA.lookup.to, VERDICT_REGISTER)] : optionalRegister(NFTA.lookup.to, to),
    stringAttribute(NFTA.lookup.set, set),
    ...inverted ? [be32Attribute(NFTA.lookup.flags, NFT_LOOKUP_INVERTED)] : [],
  ];
}

function encodeNat({ type, family, address, port }: Kind<"nat">): readonly Attribute[] {
  return [
    be32Attribute(NFTA.nat.type, type === "snat" ? 0 : 1),
    be32Attribute(NFTA.nat.family, family === null ? NFPROTO.inet : family === 4 ? NFPROTO.ip : NFPROTO.ip6),
    ...optionalRegister(NFTA.nat.address, address),
    ...optionalRegister(NFTA.nat.port, port),
  ];
}

function encodeVerdict(verdict: Verdict): readonly Attribute[] {
  const code = be32Attribute(NFTA.verdict.code, VERDICT[verdict.kind]);
  return "chain" in verdict ? [code, stringAttribute(NFTA.verdict.chain, verdict.chain)] : [code];
}

/** Registers that start one of 128 bits have its number, the others that of 32 bits: as nft does it. */
function register(type: number, number: number): Attribute {
  return be32Attribute(type, number % 4 === 0 ? number / 4 + 1 : number + 8);
}

function optionalRegister(type: number, number: number | null): readonly Attribute[] {
  return number === null ? [] : [register(type, number)];
}
