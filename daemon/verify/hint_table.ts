/**
 * From the hint in the salt of a packet to the keys to try first (PROTOCOL.md, "The salt"): one small table for each slot of
 * time, filled when a packet comes that asks for it. Pure; no timer, and no more than so many hints for one packet.
 */
import { HINT_LENGTH, HINT_SLOT_SECONDS, hintSlot } from "../../lib/spa/key_hint.ts";

/** Hints that one packet may have made, at most: the rest of a table is made for the packets after it. */
export const HINTS_A_PACKET = 20_000;

/** Seconds around the clock in which hints are looked for where packets of any age are taken. */
const UNLIMITED_AGE = 120;

/** What the table is made of. */
export interface HintTableParts {
  /** The hint keys of the users, at their positions; null for one whose packets carry no hint. */
  readonly keys: readonly (Uint8Array | null)[];
  /** HMAC-SHA256 of the number of a slot with such a key; what it returns is only read until the next call. */
  readonly hint: (key: Uint8Array, slot: number) => Uint8Array;
  /** Seconds by which packets may be off, in either direction; null: any. */
  readonly maxAge: number | null;
}

/** The tables of the slots around now. */
export interface HintTable {
  /**
   * The positions of the keys that have this hint in the slot nearest to now in which any has it, in ascending order; empty
   * where none does, as far as the tables are made.
   *
   * @param hint the first three bytes of a salt, as a number, the first byte the most significant
   * @param now Unix seconds
   */
  find(hint: number, now: number): readonly number[];
  /** How many slots have a table, for tests and figures. */
  readonly size: number;
}

/** The three bytes as one number. */
export function hintNumber(bytes: Uint8Array): number {
  let number = 0;
  for (let i = 0; i < HINT_LENGTH; i++) number = number << 8 | bytes[i]!;
  return number;
}

/** Starts without a table. */
export function hintTable({ keys, hint, maxAge }: HintTableParts): HintTable {
  const slots = new Map<number, SlotTable>();
  const positions = keys.flatMap((key, position) => key === null ? [] : [position]);
  const reach = maxAge ?? UNLIMITED_AGE;
  return {
    find(wanted, now) {
      if (positions.length === 0) return [];
      const [first, last] = [hintSlot(Math.max(0, now - reach)), hintSlot(Math.max(0, now + reach))];
      for (const slot of slots.keys()) if (slot < first || slot > last) slots.delete(slot);
      let budget = HINTS_A_PACKET;
      for (const slot of nearest(now, first, last)) {
        const table = slots.get(slot) ?? slotTable(positions.length);
        slots.set(slot, table);
        for (; table.filled < positions.length && budget > 0; budget--) {
          table.add(hintNumber(hint(keys[positions[table.filled]!]!, slot)));
        }
        const found = table.find(wanted);
        if (found.length > 0) return found.map((at) => positions[at]!);
      }
      return [];
    },
    get size() {
      return slots.size;
    },
  };
}

/** The slots from `first` to `last`, those first whose middle is nearest to now: most clocks are right. */
function nearest(now: number, first: number, last: number): readonly number[] {
  const middle = (slot: number) => Math.abs((slot + 0.5) * HINT_SLOT_SECONDS - now);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).toSorted((a, b) => middle(a) - middle(b));
}

/** The hints of one slot. */
interface SlotTable {
  /** How many are in it. */
  readonly filled: number;
  add(hint: number): void;
  /** Who has it, by the order of adding. */
  find(hint: number): readonly number[];
}

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
      const found: number[] = [];
      for (let at = heads[hint & mask]!; at >= 0; at = next[at]!) if (hints[at] === hint) found.push(at);
      return found.reverse();
    },
  };
}
