/**
 * From the hint in the salt of a packet to the keys to try first (PROTOCOL.md, "The salt"): one small table for each slot of
 * time, filled when a packet comes that asks for it. Pure; no timer, and no more than so many hints for one packet.
 */
import { HINT_SLOT_SECONDS, hintSlot } from "../../lib/spa/key_hint.ts";

/** Hints that one packet may have made, at most: the rest of a table is made for the packets after it. */
export const HINTS_A_PACKET = 20_000;

/** Seconds around the clock in which hints are looked for, at most, however old packets may be: each slot is a table. */
const HINT_REACH = 120;

/** What the table is made of. */
export interface HintTableParts {
  /** How many keys there are. */
  readonly keys: number;
  /** What tells the hint of each key in that slot, as a number, by the position of the key. It is used at once. */
  readonly hintsIn: (slot: number) => (position: number) => number;
  /** Seconds by which packets may be off, in either direction; null: any. */
  readonly maxAge: number | null;
}

/** What comes of a search: a key was taken, none was that has the hint, or not all tables are made that might know one. */
export type HintSearch = "taken" | "none" | "unknown";

/** The tables of the slots around now. */
export interface HintTable {
  /**
   * Offers the positions of the keys that have this hint, in ascending order, slot by slot, that of now first, until they are
   * taken.
   *
   * @param now Unix seconds
   */
  search(hint: number, now: number, take: (positions: readonly number[]) => boolean): HintSearch;
  /** How many slots have a table, for tests and figures. */
  readonly size: number;
}

/** Starts without a table. */
export function hintTable({ keys, hintsIn, maxAge }: HintTableParts): HintTable {
  const tables = new Map<number, SlotTable>();
  const reach = Math.min(maxAge ?? HINT_REACH, HINT_REACH);
  let at: number | null = null;
  let inReach: readonly { readonly slot: number; table: SlotTable | undefined }[] = [];

  /** The slots that count now, nearest first, with their tables as far as there are; those of others are forgotten. */
  function slotsAt(now: number) {
    if (now === at) return inReach;
    at = now;
    const slots = nearest(now, reach);
    for (const slot of tables.keys()) if (!slots.includes(slot)) tables.delete(slot);
    return inReach = slots.map((slot) => ({ slot, table: tables.get(slot) }));
  }

  function makeTable(slot: number): SlotTable {
    const made = slotTable(keys);
    tables.set(slot, made);
    return made;
  }

  return {
    search(wanted, now, take) {
      if (keys === 0) return "none";
      let budget = HINTS_A_PACKET;
      let whole = true;
      for (const at of slotsAt(now)) {
        const table = at.table ??= makeTable(at.slot);
        if (table.filled < keys) budget -= fill(table, { keys, budget, hintOf: hintsIn(at.slot) });
        const found = table.find(wanted);
        if (found.length > 0 && take(found)) return "taken";
        whole &&= table.filled === keys;
      }
      return whole ? "none" : "unknown";
    },
    get size() {
      return tables.size;
    },
  };
}

/** Goes on with a table within the budget; gives how many hints that were. */
function fill(
  table: SlotTable,
  { keys, budget, hintOf }: {
    readonly keys: number;
    readonly budget: number;
    readonly hintOf: (position: number) => number;
  },
): number {
  const from = table.filled;
  const to = Math.min(keys, from + budget);
  for (let position = from; position < to; position++) table.add(hintOf(position));
  return to - from;
}

/** The slots within reach, those first whose middle is nearest to now: most clocks are right. */
function nearest(now: number, reach: number): readonly number[] {
  const [first, last] = [hintSlot(Math.max(0, now - reach)), hintSlot(Math.max(0, now + reach))];
  const distance = (slot: number) => Math.abs((slot + 0.5) * HINT_SLOT_SECONDS - now);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).toSorted((a, b) => distance(a) - distance(b));
}

/** The hints of one slot. */
interface SlotTable {
  /** How many are in it. */
  readonly filled: number;
  add(hint: number): void;
  /** Who has it, by the order of adding. */
  find(hint: number): readonly number[];
}

const NONE: readonly number[] = [];

/** A hash table in flat memory, chained by position: a `Map` would take three times as much. */
function slotTable(size: number): SlotTable {
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, size))) - 1;
  const hints = new Uint32Array(size);
  const next = new Int32Array(size);
  const heads = new Int32Array(mask + 1).fill(-1);
  let filled = 0;
  return {
    get filled() {
      return filled;
    },
    add(hint) {
      hints[filled] = hint;
      next[filled] = heads[hint & mask]!;
      heads[hint & mask] = filled++;
    },
    find(hint) {
      let found: number[] | null = null;
      for (let at = heads[hint & mask]!; at >= 0; at = next[at]!) if (hints[at] === hint) (found ??= []).push(at);
      return found?.reverse() ?? NONE;
    },
  };
}
