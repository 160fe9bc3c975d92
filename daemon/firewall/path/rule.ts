/** Rules as they are kept: conditions on a packet and what a packet comes to that fulfils them. Pure. */
import type { Comparison, Verdict } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Operand } from "./operand.ts";
import type { SentTo } from "./sent_to.ts";
import { type Answer, equals, isWithin, type Packet, type Partial } from "./packet.ts";

/** Looks a value up in a set or map. */
export interface LookUp {
  readonly kind: "lookup";
  readonly operand: Operand;
  readonly set: string;
  readonly inverted: boolean;
}

/** Something that holds for a packet or does not. */
export type Condition =
  | { readonly kind: "compare"; readonly operand: Operand; readonly how: Comparison; readonly value: string }
  | {
    readonly kind: "range";
    readonly operand: Operand;
    readonly inside: boolean;
    readonly low: string;
    readonly high: string;
  }
  | LookUp
  /** One of them holds. `inverted`: none. */
  | { readonly kind: "any of"; readonly conditions: readonly Condition[]; readonly inverted: boolean }
  /** Not understood, or it depends on more than the packet. */
  | { readonly kind: "opaque" };

/** What a rule makes of a packet: a verdict, what a map says, whatever (not known), or nothing (the next rule decides). */
export type Outcome = Verdict | { readonly kind: "whatever" } | { readonly kind: "map"; readonly lookUp: LookUp };

/** What a rule does besides. `untrack`: its connection is not followed; `translate`: it goes to another address or port. */
export type Effect = "untrack" | "translate";

/** A rule. */
export interface Rule {
  /** For rules of iptables-legacy the number in the chain, from 1. */
  readonly handle: number;
  readonly conditions: readonly Condition[];
  readonly outcome: Outcome;
  readonly effect: Effect | null;
  /** Where it translates to, if that is certain. */
  readonly sentTo?: SentTo;
}

/** What is found in a set or map. */
export interface Found {
  readonly hit: Answer;
  /** What a verdict map holds for the value, and everything that it may hold. */
  readonly verdicts: readonly Outcome[];
}

/** Looks into the sets of one table. `verdicts`: it is a verdict map, and they are wanted, not only whether there is one. */
export type Sets = (set: string, value: Partial, verdicts: boolean) => Found;

export const CONTINUE: Outcome = { kind: "continue" };
export const WHATEVER: Outcome = { kind: "whatever" };
export const OPAQUE: Condition = { kind: "opaque" };

/** Whether all conditions of the rule hold for the packet. */
export function matches({ conditions }: Rule, packet: Packet, sets: Sets): Answer {
  let all: Answer = true;
  for (const condition of conditions) {
    const one = holds(condition, packet, sets);
    if (one === false) return false;
    if (one === null) all = null;
  }
  return all;
}

/** Whether the condition holds for the packet. */
function holds(condition: Condition, packet: Packet, sets: Sets): Answer {
  switch (condition.kind) {
    case "opaque":
      return packet.mayBeOpaque ? null : false;
    case "any of": {
      const answers = condition.conditions.map((one) => holds(one, packet, sets));
      const any = answers.includes(true) || (answers.includes(null) ? null : false);
      return condition.inverted ? not(any) : any;
    }
    case "lookup": {
      const value = packet.see(condition.operand);
      if (value.opaque) return false;
      const { hit } = sets(condition.set, value, false);
      return condition.inverted ? not(hit) : hit;
    }
    case "range": {
      const value = packet.see(condition.operand);
      if (value.opaque) return false;
      const inside = isWithin(value, condition.low, condition.high);
      return condition.inside ? inside : not(inside);
    }
    case "compare": {
      const value = packet.see(condition.operand);
      return value.opaque ? false : compare(value, condition.how, condition.value);
    }
  }
}

function compare(value: Partial, how: Comparison, text: string): Answer {
  switch (how) {
    case "eq":
      return equals(value, text);
    case "ne":
      return not(equals(value, text));
    case "lt":
      return before(value, text);
    case "ge":
      return value.elsewhere ? false : not(before(value, text));
    case "gt":
      return after(value, text);
    case "le":
      return value.elsewhere ? false : not(after(value, text));
  }
}

function before({ low, high, elsewhere }: Partial, text: string): Answer {
  if (elsewhere || low >= text) return false;
  return high < text ? true : null;
}

function after({ low, high, elsewhere }: Partial, text: string): Answer {
  if (elsewhere || high <= text) return false;
  return low > text ? true : null;
}

function not(answer: Answer): Answer {
  return answer === null ? null : !answer;
}
