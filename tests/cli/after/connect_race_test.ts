import assert from "node:assert/strict";
import { Pursuit } from "../../../cli/after/connect_race.ts";

/** 127.0.0.1 with a port. */
function loopback(port: number) {
  return { family: 4 as const, bytes: Uint8Array.of(127, 0, 0, 1), scopeId: 0, port };
}

/** A port of the loopback interface on which nothing listens. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function limits(milliseconds: number) {
  const now = performance.now();
  return { knockedAt: now, deadline: now + milliseconds, lastKnock: () => now };
}

Deno.test("a pursuit tells a door that was open before the knock", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using pursuit = new Pursuit(loopback(listener.addr.port));
  pursuit.probe();
  const result = await pursuit.run(limits(5000));
  assert.ok(result.open && result.before);
  result.socket[Symbol.dispose]();
  (await listener.accept()).close();
});

Deno.test("a pursuit gets through a door that opens while it is going on", async () => {
  const port = freePort();
  using pursuit = new Pursuit(loopback(port));
  pursuit.probe();
  const running = pursuit.run(limits(5000));
  await new Promise((resolve) => setTimeout(resolve, 60));
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  const result = await running;
  assert.ok(result.open && !result.before);
  result.socket[Symbol.dispose]();
  (await listener.accept()).close();
});

Deno.test("a pursuit says that it was refused, before the knock and after it", async () => {
  using pursuit = new Pursuit(loopback(freePort()));
  pursuit.probe();
  const result = await pursuit.run(limits(60));
  assert.ok(!result.open);
  assert.equal(result.seen.refusedBefore, true);
  assert.notEqual(result.seen.refusedAfter, null);
  assert.equal(result.seen.lastError, 111);
});
