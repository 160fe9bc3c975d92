import assert from "node:assert/strict";
import { hintNumber, HINTS_A_PACKET, hintTable } from "../../../daemon/verify/hint_table.ts";

const NOW = 1_767_225_600;
const SLOT = NOW / 30;

/** A hint that can be told without computing: the number in the key, plus the slot's distance from now times 1000. */
function numbered(key: Uint8Array, slot: number): Uint8Array {
  const hint = (key[0]! << 8 | key[1]!) + 1000 * (slot - SLOT + 10);
  return Uint8Array.of(hint >> 16, hint >> 8 & 255, hint & 255, 99);
}

const key = (number: number) => Uint8Array.of(number >> 8, number & 255);
const hintOf = (number: number, slot = 0) => number + 1000 * (slot + 10);

function table(keys: readonly (Uint8Array | null)[], maxAge: number | null = 120) {
  let made = 0;
  const hints = hintTable({
    keys,
    maxAge,
    hint: (key, slot) => {
      made++;
      return numbered(key, slot);
    },
  });
  return { find: hints.find, made: () => made, size: () => hints.size };
}

Deno.test("hintTable() finds all keys with a hint, in order, and none without one", () => {
  const { find } = table([key(5), null, key(7), key(5), null, key(9)]);
  assert.deepEqual(find(hintOf(5), NOW), [0, 3]);
  assert.deepEqual(find(hintOf(9), NOW), [5]);
  assert.deepEqual(find(hintOf(8), NOW), []);
});

Deno.test("hintTable() looks in the slots that the age of a packet allows, and in no others", () => {
  const { find } = table([key(5)], 60);
  for (const slot of [-2, -1, 0, 1, 2]) assert.deepEqual(find(hintOf(5, slot), NOW), [0], `${slot}`);
  for (const slot of [-3, 3]) assert.deepEqual(find(hintOf(5, slot), NOW), [], `${slot}`);
  assert.deepEqual(table([key(5)], null).find(hintOf(5, 4), NOW), [0], "packets of any age: clocks are off by little");
  assert.deepEqual(table([key(5)], 60).find(hintOf(5, -9), 0), [], "the clock says 1970");
});

Deno.test("hintTable() makes the nearest table first, each once, and forgets those that are past", () => {
  const { find, made, size } = table([key(5), key(6)], 30);
  find(hintOf(5), NOW + 15);
  assert.equal(made(), 2, "the slot of now is enough");
  find(hintOf(5), NOW + 16);
  assert.equal(made(), 2);
  find(hintOf(99), NOW + 15);
  assert.equal(made(), 6, "one that is nowhere has all of them made");
  assert.equal(size(), 3);
  find(hintOf(99), NOW + 45);
  assert.equal(made(), 8);
  assert.equal(size(), 3);
});

Deno.test("hintTable() makes so many hints for one packet and no more, and goes on with the next", () => {
  const keys = Array.from({ length: HINTS_A_PACKET + 5 }, (_, i) => key(i % 1000));
  keys[HINTS_A_PACKET + 2] = key(2000);
  const { find, made } = table(keys, 0);
  assert.deepEqual(find(hintOf(2000), NOW + 15), []);
  assert.equal(made(), HINTS_A_PACKET);
  assert.deepEqual(find(hintOf(2000), NOW + 15), [HINTS_A_PACKET + 2]);
  assert.equal(made(), HINTS_A_PACKET + 5);
});

Deno.test("hintTable() asks nothing where no key gives hints", () => {
  const { find, made, size } = table([null, null]);
  assert.deepEqual(find(0, NOW), []);
  assert.deepEqual([made(), size()], [0, 0]);
});

Deno.test("hintNumber() is 24 bits", () => {
  assert.equal(hintNumber(Uint8Array.of(0xff, 0xfe, 0xfd, 1)), 0xfffefd);
});
