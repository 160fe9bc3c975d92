import assert from "node:assert/strict";
import { serviceManager } from "../../../daemon/service/manager.ts";

/** A manager that was told of in this environment. `deaf`: nobody listens. */
function scene(environment: Record<string, string>, deaf = false) {
  const sent: string[] = [], lines: string[] = [];
  const send = (path: string, state: readonly string[]) => {
    if (deaf) throw new Error("Cannot notify the service manager");
    sent.push(`${path}: ${state.join(" ")}`);
  };
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const manager = serviceManager({ environment, pid: 7, monotonicUs: () => 5n, send }, log);
  return { sent, lines, manager };
}

Deno.test("serviceManager() tells what it is given, and of a reload when it began", () => {
  const { manager, sent } = scene({ NOTIFY_SOCKET: "@n" });
  manager.tell("READY=1", "STATUS=");
  manager.beginReload();
  assert.deepEqual(sent, ["@n: READY=1 STATUS=", "@n: RELOADING=1 MONOTONIC_USEC=5"]);
});

Deno.test("serviceManager() tells nobody where there is no manager", () => {
  const { manager, sent, lines } = scene({ WATCHDOG_USEC: "1000000" });
  manager.tell("READY=1");
  manager.beginReload();
  assert.equal(manager.watchdogMs, null);
  assert.deepEqual([sent, lines], [[], []]);
});

Deno.test("serviceManager() warns once where nobody listens, whatever else is told", () => {
  const { manager, lines } = scene({ NOTIFY_SOCKET: "/n" }, true);
  for (const _time of [1, 2, 3]) manager.tell("WATCHDOG=1");
  assert.deepEqual(lines, ["warning: Cannot notify the service manager"]);
});

Deno.test("serviceManager() looks after the process that the watchdog is meant for, and no other", () => {
  const watchdog = (environment: Record<string, string>) =>
    scene({ NOTIFY_SOCKET: "/n", ...environment }).manager.watchdogMs;
  assert.equal(watchdog({}), null);
  assert.equal(watchdog({ WATCHDOG_USEC: "30000000" }), 30_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }), 30_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }), null);
  for (const odd of ["0", "-1", "abc", "1e9", "9".repeat(30)]) {
    assert.equal(watchdog({ WATCHDOG_USEC: odd }), null, odd);
  }
});
