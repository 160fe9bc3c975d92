import assert from "node:assert/strict";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import type { Ending } from "../../../daemon/loop/active_config.ts";
import { runProgram } from "../../../lib/host/run.ts";
import { createPatience } from "../../../daemon/loop/patience.ts";
import { closeAllGrants, conclude, finishWork } from "../../../daemon/start/ending.ts";

function logOf() {
  const lines: string[] = [];
  return { lines, log: (level: string, text: string) => void lines.push(`${level}: ${text}`) };
}

/** A packet filter whose grants are closed so, and no queue. */
const closing = (cleanup: () => Promise<void>) => ({ firewall: { closesAtExit: true, cleanup }, queueRules: null });

Deno.test("conclude() says why the daemon ends, and only a failure is one to whoever started it", () => {
  const rows: readonly [Ending["reason"], string, number][] = [
    ["SIGTERM", "warning: Got SIGTERM. Exiting...", 0],
    ["SIGINT", "warning: Got SIGINT. Exiting...", 0],
    ["packet limit", "warning: Packet count limit (3) reached. Exiting...", 0],
    ["capture broken", "error: Packets can no longer be captured. Exiting...", 1],
    ["failure", "error: Something failed that nobody caught. Exiting...", 1],
  ];
  for (const [reason, line, code] of rows) {
    const { lines, log } = logOf();
    assert.equal(conclude({ reason }, 3, log), code);
    assert.deepEqual(lines, [
      "info: Gracefully leaving the fwknopd event loop.",
      line,
      "warning: Shutting Down fwknopd.",
    ]);
  }
});

Deno.test("closeAllGrants() says what it cannot close, and hides no other reason", async () => {
  const { lines, log } = logOf();
  const broken = closing(() => Promise.reject(new FirewallError("Cannot lock", "wait")));
  assert.equal(await closeAllGrants(broken, true, log), false);
  assert.deepEqual(lines, ["error: Cannot take what belongs to fwknopd out of the ruleset: Cannot lock (wait)"]);
});

Deno.test("closeAllGrants() waits for what hangs no longer than a daemon may that is told to stop", async () => {
  const { lines, log } = logOf();
  assert.equal(await closeAllGrants(closing(() => Promise.resolve()), false, log), true);
  const hanging = Promise.withResolvers<void>();
  assert.equal(await closeAllGrants(closing(() => hanging.promise), false, log), false);
  hanging.resolve();
  assert.deepEqual(lines, [
    "error: Cannot take what belongs to fwknopd out of the ruleset: it takes too long, and doors may be open " +
    "(fwknopd --fw-flush closes them)",
  ]);
});

Deno.test("closeAllGrants() closes doors before it takes out the rules of a queue, which go also where doors stay", async () => {
  const { lines, log } = logOf();
  for (const closesAtExit of [true, false]) {
    const done: string[] = [];
    const note = (what: string) => Promise.resolve(void done.push(what));
    const firewall = { closesAtExit, cleanup: () => note("doors") };
    assert.equal(await closeAllGrants({ firewall, queueRules: { remove: () => note("rules") } }, true, log), true);
    assert.deepEqual(done, closesAtExit ? ["doors", "rules"] : ["rules"]);
  }
  const hanging = Promise.withResolvers<void>();
  const firewall = { closesAtExit: true, cleanup: () => Promise.resolve() };
  assert.equal(await closeAllGrants({ firewall, queueRules: { remove: () => hanging.promise } }, false, log), false);
  hanging.resolve();
  assert.match(lines.join(), /^error: Cannot take what belongs to fwknopd out of the ruleset: it takes too long/);
});

Deno.test("finishWork() kills a program that hangs, and says so", async () => {
  const { lines, log } = logOf();
  const patience = createPatience(() => 1, () => {});
  assert.equal(await finishWork(patience, log), true);
  let code: number | null = null;
  patience.begin("open", async () => void (code = (await runProgram("/bin/sleep", ["1000"])).code));
  assert.equal(await finishWork(patience, log), false);
  assert.equal(await patience.finish(10_000), true, "nothing is left of it");
  assert.equal(code, 137);
  assert.deepEqual(lines, ["warning: What is under way in the packet filter does not end, and is stopped"]);
});
