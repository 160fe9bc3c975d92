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

/** Bounds a hang, no more. */
const PATIENCE_MS = 60_000;

/** A knock just now; `started` is told how many tries were started since. It may end the race. */
function limits(started: (tries: number, end: () => void) => void = () => {}) {
  const now = performance.now();
  let tries = 0;
  let deadline = now + PATIENCE_MS;
  return {
    knockedAt: now,
    get deadline() {
      return deadline;
    },
    // Asked for after each start: the pause until the next one depends on it.
    lastKnock() {
      started(++tries, () => deadline = now);
      return now;
    },
  };
}

Deno.test("ConnectRace tells a port that was open before the knock", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using race = new ConnectRace(loopback(listener.addr.port));
  race.probe();
  const result = await race.run(limits());
  assert.ok(result.open && result.before);
  result.socket[Symbol.dispose]();
  (await listener.accept()).close();
});

Deno.test("ConnectRace connects to a port that opens while it is running", async () => {
  const port = freePort();
  using race = new ConnectRace(loopback(port));
  race.probe();
  using opened = new DisposableStack();
  const listeners: Deno.Listener[] = [];
  const result = await race.run(limits((tries) => {
    if (tries === 3) listeners.push(opened.use(Deno.listen({ hostname: "127.0.0.1", port })));
  }));
  assert.ok(result.open && !result.before);
  result.socket[Symbol.dispose]();
  (await listeners[0]!.accept()).close();
});

Deno.test("ConnectRace says that it was refused, before the knock and after it", async () => {
  using race = new ConnectRace(loopback(freePort()));
  race.probe();
  const result = await race.run(limits((tries, end) => {
    if (tries === 3) end();
  }));
  assert.ok(!result.open);
  assert.equal(result.seen.refusedBefore, true);
  assert.notEqual(result.seen.refusedAfter, null);
  assert.equal(result.seen.lastError, 111);
});
