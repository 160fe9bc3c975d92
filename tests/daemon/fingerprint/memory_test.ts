import assert from "node:assert/strict";
import { createSynMemory, MOST_OF_NETWORK, MOST_SOURCES, SYN_SECONDS } from "../../../daemon/fingerprint/memory.ts";
import type { Syn } from "../../../daemon/fingerprint/syn.ts";

const syn = (window: number): Syn => ({
  ...{ family: 4, ttl: 64, dontFragment: true, mss: 1460, scale: 7, options: "mss" },
  window,
});
const four = (...bytes: number[]) => Uint8Array.from(bytes);
const six = (...bytes: number[]) => Uint8Array.from([0x20, 1, ...bytes, ...new Array(14 - bytes.length).fill(0)]);

/** A memory, and a clock in seconds that is set. */
function scene() {
  const at = { seconds: 1000 };
  const memory = createSynMemory(() => at.seconds * 1000);
  return { at, memory, windows: (source: Uint8Array) => memory.of(source).map(({ syn }) => syn.window) };
}

Deno.test("a SYN counts for its source alone, until it is too old", () => {
  const { at, memory, windows } = scene();
  const source = four(192, 0, 2, 1);
  memory.note(source, syn(1));
  source[3] = 9;
  assert.deepEqual(windows(four(192, 0, 2, 1)), [1], "the bytes of the frame are not kept");
  assert.deepEqual(windows(source), []);
  at.seconds += SYN_SECONDS;
  assert.deepEqual(memory.of(four(192, 0, 2, 1)).map(({ age }) => age), [SYN_SECONDS * 1000]);
  at.seconds += 1;
  assert.deepEqual(windows(four(192, 0, 2, 1)), []);
  assert.equal(memory.size, 0);
});

Deno.test("several systems behind one address are all known, the newest first, but no more than four", () => {
  const { at, memory, windows } = scene();
  const source = six(1);
  for (const window of [1, 2, 3, 1]) {
    at.seconds += SYN_SECONDS / 4;
    memory.note(source, syn(window));
  }
  assert.deepEqual(windows(source), [1, 3, 2]);
  at.seconds += SYN_SECONDS / 2 + 1;
  assert.deepEqual(windows(source), [1, 3], "each has its own age");
  for (const window of [4, 5, 6]) memory.note(source, syn(window));
  assert.deepEqual(windows(source), [6, 5, 4, 1]);
  assert.equal(memory.size, 1);
});

Deno.test("who floods from one network pushes out none of another", () => {
  const { memory, windows } = scene();
  memory.note(four(192, 0, 2, 1), syn(1));
  memory.note(six(0xd, 0xb8, 0, 1), syn(2));
  for (let i = 0; i < 100_000; i++) {
    memory.note(four(198, 51, 100, i & 0xff), syn(3));
    memory.note(six(0xd, 0xb8, 0, 2, 0, 0, i >> 16, i >> 8, i & 0xff), syn(3));
  }
  assert.deepEqual(windows(four(192, 0, 2, 1)), [1]);
  assert.deepEqual(windows(six(0xd, 0xb8, 0, 1)), [2]);
  assert.equal(memory.size, 2 + 2 * MOST_OF_NETWORK);
});

Deno.test("a flood from everywhere grows nothing, and pushes out who was not heard of for longest", () => {
  const { memory, windows } = scene();
  const flood = (from: number, count: number) => {
    for (let i = from; i < from + count; i++) memory.note(four(1 + (i >> 16), i >> 8, i, 7), syn(3));
  };
  memory.note(four(192, 0, 2, 1), syn(1));
  flood(0, MOST_SOURCES - 1);
  assert.equal(memory.size, MOST_SOURCES);
  memory.note(four(192, 0, 2, 1), syn(1));
  flood(MOST_SOURCES, MOST_SOURCES - 1);
  assert.equal(memory.size, MOST_SOURCES);
  assert.deepEqual(windows(four(192, 0, 2, 1)), [1]);
  flood(3 * MOST_SOURCES, 1);
  assert.deepEqual(windows(four(192, 0, 2, 1)), []);
});
