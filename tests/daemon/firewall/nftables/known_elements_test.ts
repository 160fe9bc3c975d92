import assert from "node:assert/strict";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import { KnownElements, readElements } from "../../../../daemon/firewall/nftables/known_elements.ts";
import type { ElementSet } from "../../../../daemon/firewall/nftables/timed_elements.ts";
import type { SetElement, SetName } from "../../../../ffi/nfnetlink/ruleset.ts";
import { address } from "../../../contract/addresses.ts";

const ACCESS = {
  slot: "input",
  source: address("192.0.2.1"),
  destination: null,
  service: { proto: "tcp", port: 22 },
} as const;
const element = elementOf(ACCESS)!;
const other = elementOf({ ...ACCESS, service: { proto: "tcp", port: 23 } })!;

const SETS: readonly ElementSet[] = ["a", "b"].map((table) => ({ family: "inet", table, layout: element.layout }));

/** An element as the kernel tells it. */
function held(key: Uint8Array, remainingMs: number | null): SetElement {
  return { kind: "element", key, keyEnd: null, data: null, verdict: null, remainingMs };
}

/** Sets that hold what the test says, by table. */
function netlink(elements: Readonly<Record<string, readonly SetElement[]>>) {
  return { elements: ({ table }: SetName) => elements[table] ?? null };
}

Deno.test("readElements() finds each element once, with its end in every set, and whether it is in all of them", () => {
  const sets = {
    a: [held(element.key, 30_000), held(other.key, null), {
      ...held(new Uint8Array(), null),
      kind: "catchall" as const,
    }],
    b: [held(element.key, 20_000)],
  };
  assert.deepEqual(readElements(netlink(sets), SETS, () => 1000), [
    { element, ends: [1030, 1020], everywhere: true },
    { element: other, ends: [Infinity], everywhere: false },
  ]);
  assert.deepEqual(readElements(netlink({}), SETS, () => 1000), []);
});

Deno.test("readElements() rounds an end down, but not for the time that reading takes", () => {
  const read = (remainingMs: number) =>
    readElements(netlink({ a: [held(element.key, remainingMs)] }), SETS, () => 1000)[0]?.ends;
  assert.deepEqual(read(29_960), [1030]);
  assert.deepEqual(read(29_900), [1029]);
});

Deno.test("KnownElements: a door counts as open until its first set lets go of it, and not where a set has none of it", () => {
  const known = new KnownElements();
  known.replace([{ element, ends: [1030, 1020], everywhere: true }]);
  assert.deepEqual(known.grants, [{ access: ACCESS, expiresAt: 1020 }]);
  assert.ok(known.isOpen({ element, expiresAt: 1020 }));
  assert.ok(!known.isOpen({ element, expiresAt: 1021 }));
  assert.ok(!known.isOpen({ element: other, expiresAt: 1 }));
  known.replace([{ element, ends: [1030], everywhere: false }]);
  assert.deepEqual(known.grants, []);
  assert.ok(!known.isOpen({ element, expiresAt: 1 }));
  assert.equal(known.get(element.id), element);
});

Deno.test("KnownElements.replace() keeps the exact end that was granted where the listing differs by its rounding only", () => {
  const known = new KnownElements();
  known.add([{ element, expiresAt: 1030 }], 1000);
  known.replace([{ element, ends: [1029], everywhere: true }]);
  assert.deepEqual(known.all, [{ element, expiresAt: 1030 }]);
  known.replace([{ element, ends: [1028], everywhere: true }]);
  assert.deepEqual(known.all, [{ element, expiresAt: 1028 }]);
  known.replace([]);
  assert.deepEqual(known.all, []);
});

Deno.test("KnownElements: an element without an end is known, and is no grant", () => {
  const known = new KnownElements();
  known.replace([{ element, ends: [Infinity], everywhere: true }]);
  assert.ok(known.isOpen({ element, expiresAt: 1e12 }));
  assert.deepEqual(known.grants, []);
});

Deno.test("KnownElements forgets what is over only when there are many, and what was deleted at once", () => {
  const known = new KnownElements();
  const access = (port: number) => elementOf({ ...ACCESS, service: { proto: "tcp", port } })!;
  const many = Array.from({ length: 1023 }, (_, index) => ({ element: access(index + 1), expiresAt: 1000 }));
  known.add(many, 2000);
  assert.equal(known.all.length, 1023);
  known.delete(access(1).id);
  assert.equal(known.all.length, 1022);
  known.add([{ element: access(2000), expiresAt: 3000 }, { element: access(2001), expiresAt: 3000 }], 2000);
  assert.deepEqual(known.all.map(({ expiresAt }) => expiresAt), [3000, 3000]);
  known.clear();
  assert.deepEqual(known.all, []);
});
