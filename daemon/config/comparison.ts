/** Comparing what a setting was with what it is, for the warning that something protects less than before. Pure. */
import type { Stanza } from "./stanza.ts";
import type { ResolvedStanza } from "./resolve_stanza.ts";

/** One comparison: the value of a thing before and after, whether that is a loss, and how it is said. */
interface Row<Thing, Value> {
  readonly name: string;
  /** The row of `ACCESS_SETTINGS` whose line is named. */
  readonly key: keyof ResolvedStanza["origins"];
  readonly value: (thing: Thing) => Value;
  readonly isLoss: (was: Value, is: Value, after: Thing) => boolean;
  readonly show: (value: Value) => string;
}

/** What got weaker, and how that is said. */
export interface Loss {
  readonly name: string;
  readonly key: Row<Stanza, unknown>["key"];
  readonly was: string;
  readonly is: string;
}

/** Compares one thing before and after; null where nothing is lost. */
export type Comparison<Thing> = (before: Thing, after: Thing) => Loss | null;

/** A comparison from its parts. */
export function row<Thing, Value>({ name, key, value, isLoss, show }: Row<Thing, Value>): Comparison<Thing> {
  return (before, after) => {
    const [was, is] = [value(before), value(after)];
    return isLoss(was, is, after) ? { name, key, was: show(was), is: show(is) } : null;
  };
}

/** All that is lost. */
export function compare<Thing>(rows: readonly Comparison<Thing>[], before: Thing, after: Thing): readonly Loss[] {
  return rows.map((one) => one(before, after)).filter((loss) => loss !== null);
}
