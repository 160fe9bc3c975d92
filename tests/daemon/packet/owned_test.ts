import assert from "node:assert/strict";
import fc from "fast-check";
import { makeIpMemory, makeKeeper } from "../../../daemon/packet/owned.ts";
import { ipFromBytes } from "../../../lib/net/address.ts";

Deno.test("makeKeeper() copies, and what was kept stays as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70_000, size: "max" }), { maxLength: 8 }), (payloads) => {
      const keep = makeKeeper();
      const kept = payloads.map((payload) => {
        const scratch = payload.slice();
        const copy = keep(scratch);
        scratch.fill(0xee);
        return copy;
      });
      assert.deepEqual(kept, payloads);
    }),
    { numRuns: 30 },
  );
});

Deno.test("makeIpMemory() answers as ipFromBytes() does, whatever was asked before and becomes of the bytes", () => {
  const addresses = [
    [10, 0, 0, 1],
    [10, 0, 0, 2],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1],
    [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ];
  fc.assert(fc.property(fc.array(fc.constantFrom(...addresses), { maxLength: 30 }), (asked) => {
    const toIp = makeIpMemory();
    for (const address of asked) {
      const bytes = Uint8Array.from(address);
      const ip = toIp(bytes);
      bytes.fill(0);
      assert.deepEqual(ip, ipFromBytes(Uint8Array.from(address)));
    }
  }));
});

Deno.test("makeIpMemory() remembers a destination while the sources change", () => {
  const toIp = makeIpMemory();
  const destination = Uint8Array.from([10, 0, 0, 1]);
  toIp(Uint8Array.from([192, 0, 2, 0]));
  const first = toIp(destination);
  for (let host = 1; host < 20; host++) {
    toIp(Uint8Array.from([192, 0, 2, host]));
    assert.equal(toIp(destination), first);
  }
});

Deno.test("what a copy keeps from being freed is no more than was said", () => {
  const keep = makeKeeper(100);
  assert.ok(Array.from({ length: 50 }, () => keep(new Uint8Array(30))).every(({ buffer }) => buffer.byteLength <= 100));
  assert.equal(keep(new Uint8Array(101)).length, 101);
  const toIp = makeIpMemory();
  for (let host = 0; host < 2000; host++) {
    const { bytes } = toIp(Uint8Array.from([10, 0, host >> 8, host & 255]));
    assert.ok(bytes.buffer.byteLength <= 1024);
  }
});
