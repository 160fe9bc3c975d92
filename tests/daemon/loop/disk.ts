/** A replay store on a disk that is slow, or refuses. */
import assert from "node:assert/strict";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { type FlushThread, NOBODY_WAS_FIRST, type ReplayStore } from "../../../daemon/replay/store.ts";
import { letOthers } from "../../../lib/host/pause.ts";

/** What store, packet filter, log and loop did, one after the other. */
export type Events = string[];

/** What time it is. */
interface Clock {
  ms: number;
}

/** How a disk is where another thread waits for it. */
export interface Disk {
  /** How often the daemon can look before it has answered. Default: 10. */
  readonly looks?: number;
  /** How long it takes where this thread waits. Default: long enough to be called slow. */
  readonly hereMs?: number;
  /** Numbers of flushes that fail. */
  readonly failing?: readonly number[];
}

/** A store on such a disk. Its claims and flushes are events; the flush that comes first has the number 0. */
export function storeOn({ looks = 10, failing = [], hereMs = 4 }: Disk, events: Events, clock: Clock): ReplayStore {
  const store = memoryStore();
  let flushes = -1, busy = 0;
  const flush = async (thread?: FlushThread) => {
    const number = ++flushes;
    assert.equal(++busy, 1, "one flush at a time");
    events.push(`flush ${number} ${thread}`);
    for (let left = thread === "elsewhere" ? looks : 0; left > 0; left--) await letOthers();
    if (thread === "here") clock.ms += hereMs;
    busy--;
    events.push(`disk ${number}`);
    if (failing.includes(number)) throw new Error("no space left on device");
    return NOBODY_WAS_FIRST;
  };
  const claim: ReplayStore["claim"] = (digests, packet) => {
    const isFirst = store.claim(digests, packet);
    if (isFirst) events.push("claim");
    return isFirst;
  };
  return { ...store, size: 0, flush, claim };
}
