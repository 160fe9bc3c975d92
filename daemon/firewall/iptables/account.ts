/**
 * What is believed of our chains: each rule that holds a grant, by its grant and by its chain, so that no question costs
 * more where more is open. Pure.
 */
import type { ListedGrant } from "./listing.ts";

/** The rules of one family. */
export class Account {
  readonly #byKey = new Map<string, readonly ListedGrant[]>();
  /** In the order in which they were listed or added. */
  readonly #byChain = new Map<string, Set<ListedGrant>>();

  /** Forgets everything, and believes this. */
  replace(rules: readonly ListedGrant[]): void {
    this.#byKey.clear();
    this.#byChain.clear();
    for (const rule of rules) this.add(rule);
  }

  add(rule: ListedGrant): void {
    this.#byKey.set(rule.key, [...this.of(rule.key), rule]);
    const chain = chainOf(rule);
    const others = this.#byChain.get(chain);
    if (others === undefined) this.#byChain.set(chain, new Set([rule]));
    else others.add(rule);
  }

  remove(rule: ListedGrant): void {
    const others = this.of(rule.key).filter((other) => other !== rule);
    if (others.length > 0) this.#byKey.set(rule.key, others);
    else this.#byKey.delete(rule.key);
    this.#byChain.get(chainOf(rule))?.delete(rule);
  }

  all(): readonly ListedGrant[] {
    return [...this.#byChain.values()].flatMap((rules) => [...rules]);
  }

  /** The rules of one grant. */
  of(key: string): readonly ListedGrant[] {
    return this.#byKey.get(key) ?? [];
  }

  tables(): ReadonlySet<string> {
    const first = [...this.#byChain.values()].flatMap(([rule]) => rule === undefined ? [] : [rule.table]);
    return new Set(first);
  }

  /** One live rule of each chain, other than these: if the chain was flushed, it is gone. The oldest is found first there. */
  canaries(now: number, without: ReadonlySet<ListedGrant>): readonly ListedGrant[] {
    return [...this.#byChain.values()].flatMap((rules) => {
      for (const rule of rules) if (rule.expiresAt > now && !without.has(rule)) return [rule];
      return [];
    });
  }
}

function chainOf({ table, chain }: ListedGrant): string {
  return `${table} ${chain}`;
}
