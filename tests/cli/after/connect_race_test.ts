import assert from "node:assert/strict";
import { ConnectRace } from "../../../cli/after/connect_race.ts";

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

Deno.test("ConnectRace tells a port that was open before the knock", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using race = new ConnectRace(loopback(listener.addr.port));
  race.probe();
  const result = await race.run(limits(5000));
  assert.ok(result.open && result.before);
  result.socket[Symbol.dispose]();
  (await listener.accept()).close();
});

Deno.test("ConnectRace connects to a port that opens while it is running", async () => {
  const port = freePort();
  using race = new ConnectRace(loopback(port));
  race.probe();
  const running = race.run(limits(5000));
  await new Promise((resolve) => setTimeout(resolve, 60));
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  const result = await running;
  assert.ok(result.open && !result.before);
  result.socket[Symbol.dispose]();
  (await listener.accept()).close();
});

Deno.test("ConnectRace says that it was refused, before the knock and after it", async () => {
  using race = new ConnectRace(loopback(freePort()));
  race.probe();
  const result = await race.run(limits(60));
  assert.ok(!result.open);
  assert.equal(result.seen.refusedBefore, true);
  assert.notEqual(result.seen.refusedAfter, null);
  assert.equal(result.seen.lastError, 111);
});
