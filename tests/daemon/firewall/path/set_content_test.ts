import assert from "node:assert/strict";
import fc from "fast-check";
import type { SetElement } from "../../../../ffi/nfnetlink/ruleset.ts";
import { fieldOperand, portString } from "../../../../daemon/firewall/path/operand.ts";
import { ordinaryPacket, partialPacket } from "../../../../daemon/firewall/path/packet.ts";
import { findInContent, readContent } from "../../../../daemon/firewall/path/set_content.ts";

const PORT = fieldOperand("transport", 2, 2);
const port = (number: number) => partialPacket({ destinationPort: number }).see(PORT);
const unknown = partialPacket({}).see(PORT);

function element(
  kind: SetElement["kind"],
  key: number,
  verdict: SetElement["verdict"] = null,
): SetElement {
  const bytes = kind === "catchall" ? [] : [key >> 8, key & 0xff];
  return { kind, key: Uint8Array.from(bytes), keyEnd: null, data: null, verdict, remainingMs: null };
}

Deno.test("findInContent() finds in any intervals what a plain comparison finds", () => {
  const intervals = fc.uniqueArray(fc.nat(65535), { minLength: 2, maxLength: 40 }).map((ports) => {
    const sorted = ports.sort((a, b) => a - b);
    return Array.from(
      { length: sorted.length >> 1 },
      (_, index) => [sorted[2 * index]!, sorted[2 * index + 1]!] as const,
    );
  });
  fc.assert(
    fc.property(intervals, fc.nat(65535), fc.boolean(), (ranges, asked, openEnd) => {
      const last = openEnd ? ranges.length - 1 : -1;
      // The end is the first that is no longer in it; as the kernel tells them, not in order.
      const elements = ranges.flatMap(([from, to], index) =>
        index === last ? [element("element", from)] : [element("interval end", to), element("element", from)]
      ).toReversed();
      const content = readContent([element("interval end", 0), ...elements]);
      for (const one of [asked, ...ranges.flat(), ...ranges.map(([from]) => Math.max(0, from - 1))]) {
        const inside = ranges.some(([from, to], index) => one >= from && (index === last || one < to));
        assert.equal(findInContent(content, port(one)).hit, inside, String(one));
      }
      const isAll = last === 0 && ranges[0]?.[0] === 0;
      assert.equal(findInContent(content, unknown).hit, isAll ? true : null);
      assert.equal(findInContent(content, ordinaryPacket(4, true).see(PORT)).hit, false);
    }),
    { examples: [[[[0, 1]], 0, true]] },
  );
});

Deno.test("findInContent() knows what a verdict map may say", () => {
  const map = readContent([
    element("element", 22, { kind: "drop" }),
    element("element", 80, { kind: "jump", chain: "web" }),
    element("catchall", 0, { kind: "accept" }),
  ]);
  assert.deepEqual(findInContent(map, port(22)), { hit: true, verdicts: [{ kind: "drop" }] });
  assert.deepEqual(findInContent(map, port(23)), { hit: true, verdicts: [{ kind: "accept" }] });
  assert.deepEqual(findInContent(map, unknown).verdicts.map(({ kind }) => kind), ["drop", "jump", "accept"]);
});

Deno.test("readContent() does not compare intervals of several parts as one", () => {
  const [low, high] = [`\x0a\0\0\0${portString(20)}\0\0`, `\x0a\xff\xff\xff${portString(30)}\0\0`];
  const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const content = readContent([{ ...element("element", 0), key: bytes(low), keyEnd: bytes(high) }]);
  assert.equal(content.concatenated, true);
  assert.equal(content.keyLength, 8);
  const key = {
    bytes: [
      ...fieldOperand("network", 12, 4).bytes,
      ...PORT.bytes,
      ...Array(2).fill({ field: "opaque", at: 0, mask: 0, xor: 0 }),
    ],
  };
  assert.equal(findInContent(content, partialPacket({ destinationPort: 50 }).see(key)).hit, null);
});

Deno.test("readContent() takes an empty set, and one that makes no sense", () => {
  assert.equal(findInContent(readContent([]), port(22)).hit, false);
  const odd = readContent([element("interval end", 5), element("interval end", 9), element("catchall", 0)]);
  assert.equal(findInContent(odd, port(22)).hit, true);
});
