/**
 * What becomes of a packet in a chain and in those it leads to. Not all of the packet is known, so the answer is everything
 * that may become of it; where that is one thing, it is certain. Pure.
 */
import type { Effect, Outcome, Rule, Sets } from "./rule.ts";
import { matches } from "./rule.ts";
import type { Packet } from "./packet.ts";
import type { RuleList } from "./rule_list.ts";
import type { SentTo } from "./sent_to.ts";

/** Bits of what may become of a packet: let through, dropped, through the chain without a verdict, let through by a chain of ours. */
export const ACCEPTED = 1, DROPPED = 2, THROUGH = 4, OPENED = 8;
/** Of one rule: the next one decides. */
const ON = 16;

/** What becomes of a packet. */
export interface Ending {
  /** Bits: everything that may become of it. */
  readonly may: number;
  /** What decided in the end; null: no rule did. */
  readonly by: { readonly chain: string; readonly rule: Rule } | null;
  /** Effects of rules that may have been for it. */
  readonly effects: ReadonlySet<Effect>;
  /** Where the rule that decided sends it instead; null where that is not certain. */
  readonly sentTo: SentTo | null;
}

/** One table, as far as a walk looks at it. */
export interface Walkable {
  /** The rules of a chain; null where they are not known. */
  rules(chain: string): RuleList | null;
  readonly sets: Sets;
  /** Whether a chain is one of ours. Those are not looked into. */
  isOurs(chain: string): boolean;
  /** Whether our chains let the packet through. */
  readonly granted: boolean;
}

/** Follows the packet through the chain. */
export function walkChain(table: Walkable, chain: string, packet: Packet): Ending {
  return new Walk(table, packet).chain(chain, 0);
}

/** Whether the packet may be dropped; looks no further than to the first rule that may do it. */
export function mayBeDropped(table: Walkable, chain: string, packet: Packet): boolean {
  return (new Walk(table, packet, DROPPED).chain(chain, 0).may & DROPPED) !== 0;
}

/** Everything that may become of a packet that the rule is for, as bits, its conditions left aside. */
export function endingsOf(table: Walkable, rule: Rule, packet: Packet): number {
  return new Walk(table, packet).outcomes(rule, 0).may & ~ON;
}

/** The kernel follows no more jumps than these. */
const DEEPEST = 16;
const WHATEVER = ACCEPTED | DROPPED | THROUGH | ON;

interface Branch {
  readonly may: number;
  readonly by: Ending["by"];
  readonly sentTo?: SentTo | null;
}

class Walk {
  readonly #known = new Map<string, Ending>();
  readonly #effects = new Set<Effect>();

  constructor(readonly table: Walkable, readonly packet: Packet, readonly until = 0) {}

  get #whatever(): number {
    return this.packet.mayBeOpaque ? WHATEVER : ON;
  }

  chain(name: string, depth: number): Ending {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const rules = depth > DEEPEST ? null : this.table.rules(name);
    const ending: Ending = rules === null
      ? { may: this.#whatever & ~ON | THROUGH, by: null, effects: this.#effects, sentTo: null }
      : this.#follow(rules, name, depth);
    this.#known.set(name, ending);
    return ending;
  }

  #follow(rules: RuleList, chain: string, depth: number): Ending {
    let may = 0;
    for (const rule of rules.for(this.packet)) {
      if (rule.outcome.kind === "continue" && rule.effect === null) continue;
      const answer = matches(rule, this.packet, this.table.sets);
      if (answer === false) continue;
      if (rule.effect !== null) this.#effects.add(rule.effect);
      const branch = this.outcomes(rule, depth);
      const isFirst = may === 0;
      may |= branch.may & ~ON;
      if ((may & this.until) !== 0) break;
      if (answer === true && (branch.may & ON) === 0) {
        const sentTo = isFirst ? rule.sentTo ?? branch.sentTo ?? null : null;
        return { may, by: branch.by ?? { chain, rule }, effects: this.#effects, sentTo };
      }
    }
    return { may: may | THROUGH, by: null, effects: this.#effects, sentTo: null };
  }

  /** What may become of a packet that fulfils the rule's conditions. */
  outcomes({ outcome }: Rule, depth: number): Branch {
    if (outcome.kind !== "map") return this.#outcome(outcome, depth);
    const { lookUp } = outcome;
    const value = this.packet.see(lookUp.operand);
    const { hit, verdicts } = value.opaque && !this.packet.mayBeOpaque
      ? { hit: false, verdicts: [] }
      : this.table.sets(lookUp.set, value, true);
    const branches = hit === false ? [] : verdicts.map((verdict) => this.#outcome(verdict, depth));
    const may = branches.reduce((all, branch) => all | branch.may, hit === true ? 0 : ON);
    const [first] = branches;
    const only = branches.length === 1 && first !== undefined ? first : { by: null };
    return { ...only, may: may === 0 ? ON : may };
  }

  #outcome(outcome: Outcome, depth: number): Branch {
    switch (outcome.kind) {
      case "accept":
        return { may: ACCEPTED, by: null };
      case "drop":
        return { may: DROPPED, by: null };
      case "queue":
        return { may: ACCEPTED | DROPPED, by: null };
      case "return":
        return { may: THROUGH, by: null };
      case "continue":
        return { may: ON, by: null };
      case "jump":
      case "goto": {
        if (this.table.isOurs(outcome.chain)) return { may: this.table.granted ? OPENED : ON, by: null };
        const { may, by, sentTo } = this.chain(outcome.chain, depth + 1);
        if (outcome.kind === "goto" || (may & THROUGH) === 0) return { may, by, sentTo };
        return { may: may & ~THROUGH | ON, by };
      }
      default:
        return { may: this.#whatever, by: null };
    }
  }
}
