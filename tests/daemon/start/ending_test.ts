import assert from "node:assert/strict";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import type { Ending } from "../../../daemon/loop/active_config.ts";
import { closeAllGrants, conclude } from "../../../daemon/start/ending.ts";

function logOf() {
  const lines: string[] = [];
  return { lines, log: (level: string, text: string) => void lines.push(`${level}: ${text}`) };
}

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
  await closeAllGrants({ cleanup: () => Promise.reject(new FirewallError("Cannot lock", "wait")) }, log);
  assert.deepEqual(lines, ["error: Cannot take what belongs to fwknopd out of the ruleset: Cannot lock (wait)"]);
});
