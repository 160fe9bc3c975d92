/**
 * A rule of nf_tables as conditions on a packet. A small register machine: for each byte of the registers it is known where it
 * comes from. What is not understood becomes a condition that may hold or not, never an error. Pure.
 */
import type { Expression } from "../../../ffi/nfnetlink/ruleset.ts";
import {
  byteString,
  CT,
  type Field,
  fieldOperand,
  Interner,
  META,
  type Operand,
  operandInterner,
  shareOperand,
} from "./operand.ts";
import { type Condition, CONTINUE, type Effect, OPAQUE, type Outcome, type Rule, WHATEVER } from "./rule.ts";
import { type SentTo, sentToByTarget } from "./sent_to.ts";
import { matchConditions, targetEffect, targetOutcome } from "./xt.ts";

type ByteOrigin = Operand["bytes"][number];

/** Makes rules; equal parts of different rules are one object. */
export interface Compiler {
  compile(handle: number, expressions: readonly Expression[]): Rule;
}

/** Bytes of all registers. */
const REGISTERS = 64;
const NOT_UNDERSTOOD: ByteOrigin = { field: "opaque", at: 0, mask: 0xff, xor: 0 };
/** Lengths of `NFT_META_*` that are not 4. */
const META_LENGTHS: Readonly<Record<number, number>> = {
  ...{ [META.protocol]: 2, [META.iifname]: 16, 7: 16, [META.iifType]: 2, 9: 2, [META.nfproto]: 1 },
  ...{ [META.l4proto]: 1, 17: 16, 18: 16, [META.packetType]: 1, 26: 16, 27: 16 },
};
/** `NFT_META_*` and `NFT_CT_*` that are read as fields. Whatever others hold is not known. */
const META_FIELDS = new Set<number>(Object.values(META));
/** `NFT_CT_*` of the original direction that are read as fields: the addresses of IPv4 and IPv6, and the ports. */
const CT_ORIGINAL_LENGTHS: Readonly<Record<number, number>> = {
  ...{ [CT.source4]: 4, [CT.destination4]: 4, [CT.source6]: 16, [CT.destination6]: 16 },
  ...{ [CT.sourcePort]: 2, [CT.destinationPort]: 2 },
};
const CT_FIELDS = new Set<number>([CT.state, CT.direction, CT.status, CT.mark]);

/** Expressions that let every packet go on to the next one, and change nothing that rules ask for. */
const HARMLESS = new Set(["counter", "log", "last", "dup", "meta set", "payload set", "ct set", "notrack"]);

/** Makes a compiler. */
export function createCompiler(): Compiler {
  const operands = operandInterner();
  const loads = new Interner<Operand>(4096);
  const conditions = new Interner<Condition>(4096);
  const outcomes = new Interner<Outcome>(4096);
  return {
    compile(handle, expressions) {
      const machine = new Machine(operands, loads);
      for (const expression of expressions) {
        machine.step(expression);
        if (machine.outcome !== null) break;
      }
      return {
        handle,
        conditions: machine.conditions.map((one) => shareCondition(one, conditions)),
        outcome: shareOutcome(machine.outcome ?? CONTINUE, outcomes),
        effect: machine.effect,
        ...(machine.sentTo === null ? {} : { sentTo: machine.sentTo }),
      };
    },
  };
}

/** Conditions on addresses are too many and too different to share. */
function shareCondition(condition: Condition, interner: Interner<Condition>): Condition {
  if (condition.kind !== "compare" || condition.value.length > 3) return condition;
  const [first] = condition.operand.bytes;
  const place = `${first?.field} ${first?.at} ${first?.mask} ${first?.xor}`;
  const shared = interner.share(`${condition.how} ${place} ${condition.value}`, () => condition);
  return shared.kind === "compare" && shared.operand === condition.operand ? shared : condition;
}

function shareOutcome(outcome: Outcome, interner: Interner<Outcome>): Outcome {
  if (outcome.kind === "map") return outcome;
  return interner.share("chain" in outcome ? `${outcome.kind} ${outcome.chain}` : outcome.kind, () => outcome);
}

class Machine {
  readonly conditions: Condition[] = [];
  outcome: Outcome | null = null;
  effect: Effect | null = null;
  sentTo: SentTo | null = null;
  readonly #registers: (ByteOrigin | undefined)[] = [];

  /** What was loaded last, which is mostly what is compared next. */
  #loaded: { readonly to: number; readonly operand: Operand } | null = null;

  constructor(readonly operands: Interner<Operand>, readonly loads: Interner<Operand>) {}

  step(expression: Expression): void {
    switch (expression.kind) {
      case "payload":
        return this.#load(expression.to, headerField(expression.base), [expression.offset, expression.length]);
      case "meta":
      case "ct":
      case "ct original":
        return this.#loadKey(expression);
      case "bitwise":
        return this.#bitwise(expression);
      case "byteorder":
        return this.#byteorder(expression);
      case "load":
        return this.#write(expression.to, Array.from(expression.value, constant));
      case "verdict":
        return this.#end(expression.verdict);
      case "reject":
        return this.#end({ kind: "drop" });
      case "nat":
      case "redirect":
        return this.#translate(expression);
      case "masquerade":
        return this.#end({ kind: "accept" });
      case "xt match":
        this.conditions.push(...matchConditions(expression).map((one) => this.#shared(one)));
        return;
      case "xt target":
        this.effect = targetEffect(expression.name) ?? this.effect;
        this.sentTo = sentToByTarget(expression.name, expression.info);
        return this.#end(targetOutcome(expression.name));
      case "address type":
        return this.#load(expression.to, "address type", [0, 4]);
      case "other":
        return this.#other(expression);
      default:
        return this.#ask(expression);
    }
  }

  #loadKey({ kind, key, to }: Extract<Expression, { kind: "meta" | "ct" | "ct original" }>): void {
    if (kind === "meta") {
      return this.#load(to, META_FIELDS.has(key) ? `meta ${key}` : "opaque", [0, META_LENGTHS[key] ?? 4]);
    }
    const length = kind === "ct" ? (CT_FIELDS.has(key) ? 4 : undefined) : CT_ORIGINAL_LENGTHS[key];
    return this.#load(to, length === undefined ? "opaque" : `${kind} ${key}`, [0, length ?? 16]);
  }

  #ask(expression: Extract<Expression, { kind: "compare" | "range" | "lookup" }>): void {
    switch (expression.kind) {
      case "compare": {
        const { how, value } = expression;
        const operand = this.#operand(expression.from, value.length);
        this.conditions.push({ kind: "compare", operand, how, value: byteString(value) });
        return;
      }
      case "range": {
        const { inside } = expression;
        const [low, high] = [byteString(expression.low), byteString(expression.high)];
        this.conditions.push({ kind: "range", operand: this.#operand(expression.from, low.length), inside, low, high });
        return;
      }
      case "lookup": {
        const { set, inverted, to } = expression;
        // How long the key is, the set says.
        const operand = this.#operand(expression.from, this.#filledFrom(expression.from));
        const lookUp = { kind: "lookup", operand, set, inverted } as const;
        if (to === "verdict") return this.#end({ kind: "map", lookUp });
        this.conditions.push(lookUp);
        if (to !== null) this.#load(to, "opaque", [0, 16]);
      }
    }
  }

  #other({ name, to }: Extract<Expression, { kind: "other" }>): void {
    if (to !== null) return this.#load(to, "opaque", [0, 16]);
    if (name === "notrack") this.effect = "untrack";
    if (name === "tproxy") this.effect = "translate";
    if (name === "synproxy" || name === "immediate") return this.#end(WHATEVER);
    if (!HARMLESS.has(name)) this.conditions.push(OPAQUE);
  }

  #translate(expression: Extract<Expression, { kind: "nat" | "redirect" }>): void {
    if (expression.kind === "redirect" || expression.type === "dnat") {
      this.effect = "translate";
      if (expression.several !== true) this.sentTo = this.#destination(expression);
    }
    return this.#end({ kind: "accept" });
  }

  /** Null where it is made of the packet or found in a map. */
  #destination(expression: Extract<Expression, { kind: "nat" | "redirect" }>): SentTo | null {
    const { port } = expression;
    const [address, family] = expression.kind === "nat" ? [expression.address, expression.family] : [null, null];
    const number = port === null ? null : this.#constantAt(port, 2);
    if (port !== null && number === null) return null;
    const toPort = number === null ? null : number.charCodeAt(0) << 8 | number.charCodeAt(1);
    if (address === null) return { address: null, port: toPort };
    const text = family === null ? null : this.#constantAt(address, family === 4 ? 4 : 16);
    return family === null || text === null ? null : { address: { [family]: text }, port: toPort };
  }

  #constantAt(from: number, length: number): string | null {
    const bytes = this.#read(from, length);
    return bytes.every(({ mask }) => mask === 0) ? byteString(bytes.map(({ xor }) => xor)) : null;
  }

  /** A verdict of `continue` ends nothing. */
  #end(outcome: Outcome): void {
    if (outcome.kind !== "continue") this.outcome = outcome;
  }

  #load(to: number, field: Field, [at, length]: readonly [at: number, length: number]): void {
    const size = Math.min(length, REGISTERS);
    const operand = this.loads.share(
      `${field} ${at} ${size}`,
      () => shareOperand(fieldOperand(field, at, size), this.operands),
    );
    this.#write(to, operand.bytes);
    this.#loaded = { to, operand };
  }

  /** The kernel fills the last of the registers up with zeros. */
  #write(to: number, bytes: readonly ByteOrigin[]): void {
    this.#loaded = null;
    const start = to * 4;
    for (let index = 0; index < Math.ceil(bytes.length / 4) * 4 && start + index < REGISTERS; index++) {
      this.#registers[start + index] = bytes[index] ?? constant(0);
    }
  }

  #read(from: number, length: number): ByteOrigin[] {
    return Array.from({ length }, (_, index) => this.#registers[from * 4 + index] ?? NOT_UNDERSTOOD);
  }

  #filledFrom(from: number): number {
    let length = 0;
    while (from * 4 + length < REGISTERS && this.#registers[from * 4 + length] !== undefined) length++;
    return length;
  }

  #operand(from: number, length: number): Operand {
    const loaded = this.#loaded;
    if (loaded !== null && loaded.to === from && loaded.operand.bytes.length === length) return loaded.operand;
    return shareOperand({ bytes: this.#read(from, length) }, this.operands);
  }

  #shared(condition: Condition): Condition {
    if (condition.kind === "opaque" || condition.kind === "any of") return condition;
    return { ...condition, operand: shareOperand(condition.operand, this.operands) };
  }

  #bitwise({ from, to, mask, xor }: Extract<Expression, { kind: "bitwise" }>): void {
    const bytes = this.#read(from, mask.length).map((byte, index) => {
      const kept = mask[index] ?? 0;
      return { ...byte, mask: byte.mask & kept, xor: byte.xor & kept ^ (xor[index] ?? 0) };
    });
    this.#write(to, bytes);
  }

  #byteorder({ from, to, size, length }: Extract<Expression, { kind: "byteorder" }>): void {
    const bytes = this.#read(from, Math.min(length, REGISTERS));
    if (size < 2) return this.#write(to, bytes);
    this.#write(to, bytes.map((_, index) => bytes[index - index % size + size - 1 - index % size] ?? NOT_UNDERSTOOD));
  }
}

function headerField(base: number): Field {
  return base === 1 ? "network" : base === 2 ? "transport" : "opaque";
}

function constant(value: number): ByteOrigin {
  return { field: "opaque", at: 0, mask: 0, xor: value };
}
