import assert from "node:assert/strict";
import { HINTS_A_PACKET, hintTable } from "../../../daemon/verify/hint_table.ts";

const NOW = 1_767_225_600;
const SLOT = NOW / 30;

/** A hint that can be told without computing: the number of the user, plus the slot's distance from now times 1000. */
const hintOf = (user: number, slot = 0) => user + 1000 * (slot + 10);

function table(users: readonly number[], maxAge: number | null = 120) {
  let made = 0;
  const hints = hintTable({
    keys: users.length,
    maxAge,
    hintsIn: (slot) => (position) => {
      made++;
      return hintOf(users[position]!, slot - SLOT);
    },
  });
  const search = (hint: number, now: number) => {
    const offered: (readonly number[])[] = [];
    const end = hints.search(hint, now, (positions) => {
      offered.push(positions);
      return positions.some((at) => users[at] !== 13);
    });
    return { end, offered };
  };
  const find = (hint: number, now: number) => search(hint, now).offered.flat();
  return { find, search, made: () => made, size: () => hints.size };
}

Deno.test("hintTable() finds all keys with a hint, in order, and none without one", () => {
  const { find, search } = table([5, 7, 5, 9]);
  assert.deepEqual(search(hintOf(5), NOW), { end: "taken", offered: [[0, 2]] });
  assert.deepEqual(find(hintOf(9), NOW), [3]);
  assert.deepEqual(search(hintOf(8), NOW), { end: "none", offered: [] });
});

Deno.test("hintTable() looks in the slots that the age of a packet allows, and in no others", () => {
  const { find } = table([5], 60);
  for (const slot of [-2, -1, 0, 1, 2]) assert.deepEqual(find(hintOf(5, slot), NOW), [0], `${slot}`);
  for (const slot of [-3, 3]) assert.deepEqual(find(hintOf(5, slot), NOW), [], `${slot}`);
  assert.deepEqual(table([5], 60).find(hintOf(5, -9), 0), [], "the clock says 1970");
  for (const age of [null, 86_400]) {
    const { find, made, size } = table([5], age);
    assert.deepEqual([find(hintOf(5, 4), NOW), find(hintOf(5, -4), NOW)], [[0], [0]]);
    assert.deepEqual(find(hintOf(5, 5), NOW), [], "packets of any age: clocks are off by little");
    assert.deepEqual([made(), size()], [9, 9]);
  }
});

Deno.test("hintTable() goes on to other slots where nobody takes what one of them offers", () => {
  const { search } = table([13, 1013, 4013, 12]);
  assert.deepEqual(search(hintOf(13), NOW + 15), { end: "taken", offered: [[0], [1]] });
  assert.deepEqual(table([13]).search(hintOf(13), NOW), { end: "none", offered: [[0]] });
});

Deno.test("hintTable() makes the nearest table first, each once, and forgets those that are past", () => {
  const { find, made, size } = table([5, 6], 30);
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

Deno.test("hintTable() makes so many hints for one packet and no more, says so, and goes on with the next", () => {
  const users = Array.from({ length: HINTS_A_PACKET + 5 }, (_, i) => i % 1000);
  users[HINTS_A_PACKET + 2] = 2000;
  const { search, made } = table(users, 0);
  assert.deepEqual(search(hintOf(2000), NOW + 15), { end: "unknown", offered: [] });
  assert.equal(made(), HINTS_A_PACKET);
  assert.deepEqual(search(hintOf(2000), NOW + 15), { end: "taken", offered: [[HINTS_A_PACKET + 2]] });
  assert.equal(made(), HINTS_A_PACKET + 5);
  assert.deepEqual(search(hintOf(3000), NOW + 15), { end: "none", offered: [] });
});

Deno.test("hintTable() asks nothing where no key gives hints", () => {
  const { search, made, size } = table([]);
  assert.deepEqual(search(0, NOW), { end: "none", offered: [] });
  assert.deepEqual([made(), size()], [0, 0]);
});
