import assert from "node:assert/strict";
import fc from "fast-check";
import { NOT_NAMED, OTHER_ADDRESSES, OTHER_KEY, stanzaIndex, TRIED } from "../../../daemon/verify/stanza_index.ts";
import { matchesList } from "../../../lib/net/cidr.ts";
import { addresses, ip, KEYS, stanza } from "../../fakes/knock.ts";

const SOURCES = [
  "ANY",
  "192.0.2.0/24",
  "192.0.2.7",
  "10.0.0.0/8, 192.0.2.7",
  "2001:db8::/32",
  "192.0.2.8/255.255.0.255",
  "128.0.0.0/1, 2001:db8::1",
];
const DESTINATIONS = [null, "203.0.113.1", "203.0.113.0/24, 2001:db8::1"];
const ENDS = ["192.0.2.7", "192.0.2.8", "10.1.2.3", "203.0.113.1", "2001:db8::1"];

function stanzas(of: readonly (readonly [source: string, destination: string | null])[]) {
  return of.map(([source, destination], i) =>
    stanza({
      number: i + 1,
      source: addresses(source),
      destination: destination === null ? null : addresses(destination),
    })
  );
}

Deno.test("lookUp() chooses by SOURCE and DESTINATION, in load order", () => {
  const index = stanzaIndex(
    stanzas([["ANY", "203.0.113.1"], ["10.0.0.0/8", null], ["192.0.2.7", null], ["ANY", null]]),
  );
  const numbers = (source: string, destination: string | null) => {
    const { turns, first } = index.lookUp(ip(source), destination === null ? null : ip(destination));
    const chosen = index.stanzas.filter((_, place) => turns[place] === TRIED);
    assert.equal(first, chosen[0]);
    return chosen.map(({ number }) => number);
  };
  assert.deepEqual(numbers("192.0.2.7", "203.0.113.1"), [1, 3, 4]);
  assert.deepEqual(numbers("192.0.2.7", "203.0.113.2"), [3, 4]);
  assert.deepEqual(numbers("10.0.0.1", null), [2, 4], "a destination that is not known is none");
});

Deno.test("lookUp() tells a source that no stanza has from one whose DESTINATION is another", () => {
  const index = stanzaIndex(stanzas([["192.0.2.7", "203.0.113.1"]]));
  assert.deepEqual(index.lookUp(ip("192.0.2.7"), ip("203.0.113.2")), {
    turns: Uint8Array.of(OTHER_ADDRESSES),
    first: null,
    sourceIsKnown: true,
  });
  assert.deepEqual(index.lookUp(ip("192.0.2.8"), ip("203.0.113.1")), {
    turns: Uint8Array.of(OTHER_ADDRESSES),
    first: null,
    sourceIsKnown: false,
  });
});

Deno.test("lookUp() looks at no stanza whose SOURCE is elsewhere, however many there are", () => {
  let looks = 0;
  const watched = Array.from({ length: 500 }, (_, i) => {
    const one = stanza({
      number: i + 1,
      source: addresses(`10.0.${i >> 8}.${i & 255}`),
      destination: addresses("ANY"),
    });
    return Object.defineProperty({ ...one }, "destination", { get: () => (looks++, one.destination) });
  });
  const index = stanzaIndex(watched);
  looks = 0;
  assert.equal(index.lookUp(ip("10.0.1.2"), ip("203.0.113.1")).first, watched[258]);
  assert.equal(looks, 1);
});

Deno.test("lookUp() agrees with a test of each stanza by itself", () => {
  const end = fc.constantFrom(...ENDS).map(ip);
  const rows = fc.array(fc.tuple(fc.constantFrom(...SOURCES), fc.constantFrom(...DESTINATIONS)), { maxLength: 6 });
  fc.assert(fc.property(rows, end, fc.option(end), (of, source, destination) => {
    const all = stanzas(of);
    const { turns, first, sourceIsKnown } = stanzaIndex(all).lookUp(source, destination);
    const bySource = all.filter((one) => matchesList(one.source, source));
    assert.equal(sourceIsKnown, bySource.length > 0);
    const naive = bySource.filter((one) =>
      one.destination === null || (destination !== null && matchesList(one.destination, destination))
    );
    assert.deepEqual(all.filter((_, place) => turns[place] === TRIED), naive);
    assert.equal(first, naive[0] ?? null);
  }));
});

Deno.test("ownTurns() gives an array that no other packet has", () => {
  const index = stanzaIndex([stanza({}), stanza({ number: 2, source: addresses("192.0.2.0/24") })]);
  for (const source of ["198.51.100.1", "192.0.2.1"]) {
    const { turns } = index.lookUp(ip(source), null);
    const before = [...turns];
    const own = index.ownTurns(turns);
    assert.deepEqual([...own], before);
    own.fill(OTHER_KEY);
    assert.equal(index.ownTurns(own), own);
    assert.deepEqual([...index.lookUp(ip(source), null).turns], before);
  }
});

Deno.test("ownUnnamed() leaves out, for a packet whose salt names nobody, stanzas that only a hint leads to", () => {
  const only = { keyHint: "only" } as const, near = { source: addresses("192.0.2.0/24") };
  const keyless = { ...only, secrets: [{ ...KEYS, hmac: null }] };
  const index = stanzaIndex(
    [only, {}, { ...only, ...near }, near, keyless].map((of, i) => stanza({ number: i + 1, ...of })),
  );
  for (
    const [source, expected] of [
      ["198.51.100.1", [NOT_NAMED, TRIED, OTHER_ADDRESSES, OTHER_ADDRESSES, TRIED]],
      ["192.0.2.1", [NOT_NAMED, TRIED, NOT_NAMED, TRIED, TRIED]],
    ] as const
  ) {
    const own = index.ownUnnamed(index.lookUp(ip(source), null).turns);
    assert.deepEqual([...own], expected);
    own.fill(OTHER_KEY);
    assert.deepEqual([...index.ownUnnamed(index.lookUp(ip(source), null).turns)], expected);
  }
});
