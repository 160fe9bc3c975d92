import assert from "node:assert/strict";
import fc from "fast-check";
import { readRoute, routeTo } from "../../../ffi/libc/route.ts";

Deno.test("routeTo() tells the host's own addresses", () => {
  assert.deepEqual(routeTo({ family: 4, bytes: Uint8Array.of(127, 0, 0, 1) }), { local: true, interface: "lo" });
  const own = Deno.networkInterfaces().filter(({ family, name }) => family === "IPv4" && name !== "lo");
  for (const { address } of own) {
    assert.equal(routeTo({ family: 4, bytes: Uint8Array.from(address.split("."), Number) })?.local, true, address);
  }
});

/** `struct nlmsghdr` and `struct rtmsg` with that type of a route, and attributes behind them. */
function answer(type: number, ...attributes: readonly (readonly [type: number, ...octets: number[]])[]): Uint8Array {
  const head = new Uint8Array(28);
  head[4] = 24;
  head[16 + 7] = type;
  const rest = attributes.flatMap(([kind, ...octets]) => [4 + octets.length, 0, kind, 0, ...octets]);
  return Uint8Array.from([...head, ...rest]);
}

Deno.test("readRoute() tells what is sent on from what is taken, and both from what goes nowhere", () => {
  const index = [4, 3, 0, 0, 0] as const;
  assert.deepEqual(readRoute(answer(1, [15, 254, 0, 0, 0], index)), { local: false, index: 3 });
  assert.deepEqual(readRoute(answer(2, index)), { local: true, index: 3 });
  for (const type of [0, 3, 5, 6, 7]) assert.equal(readRoute(answer(type, index)), null, String(type));
  assert.equal(readRoute(answer(1)), null);
  const refusal = answer(1, index);
  refusal[4] = 2;
  assert.equal(readRoute(refusal), null, "NLMSG_ERROR");
});

Deno.test("readRoute() takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    readRoute(bytes);
    const known = Uint8Array.from(bytes);
    if (known.length > 5) known.set([24, 0], 4);
    readRoute(known);
  }));
});
