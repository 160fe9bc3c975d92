import assert from "node:assert/strict";
import {
  anyAddress,
  decodeSocketAddress,
  encodeSocketAddress,
  encodeUnixAddress,
} from "../../../ffi/libc/socket_address.ts";

Deno.test("socket addresses survive encoding, and other families decode to null", () => {
  const address = { family: 6, bytes: new Uint8Array(16).fill(7), scopeId: 3, port: 65535 } as const;
  assert.deepEqual(decodeSocketAddress(encodeSocketAddress(address)), address);
  assert.equal(encodeSocketAddress(address).length, 28);
  assert.equal(decodeSocketAddress(encodeUnixAddress("/a/long/enough/path")), null);
  assert.equal(decodeSocketAddress(new Uint8Array(3)), null);
  assert.throws(() => encodeSocketAddress({ ...address, family: 4 }), RangeError);
  assert.throws(() => encodeUnixAddress("/".repeat(108)), RangeError);
  assert.deepEqual([...encodeUnixAddress("@x")], [1, 0, 0, 120]);
});

Deno.test("socket addresses as C lays them out", () => {
  const v4 = encodeSocketAddress({ family: 4, bytes: new Uint8Array([192, 0, 2, 1]), scopeId: 0, port: 62201 });
  assert.deepEqual([...v4], [2, 0, 0xf2, 0xf9, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const v6 = encodeSocketAddress({ ...anyAddress(6, 1), scopeId: 3 });
  assert.deepEqual([...v6], [10, 0, 0, 1, 0, 0, 0, 0, ...Array(16).fill(0), 3, 0, 0, 0]);
});
