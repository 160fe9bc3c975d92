import assert from "node:assert/strict";
import { reportStart } from "../../../daemon/start/readiness.ts";

/** A start that somebody waits for. */
function start() {
  const told: string[] = [], lines: string[] = [];
  const tell = (text: string) => Promise.resolve(void told.push(text));
  const report = reportStart((level, text) => void lines.push(`${level}: ${text}`), tell, "ready");
  return { told, lines, ...report };
}

Deno.test("reportStart() tells the warnings of a start with its good end, and nothing that comes later", async () => {
  const { told, lines, log, ready, failed } = start();
  log("info", "Starting fwknopd");
  log("warning", "Warning: the key is short");
  await ready();
  log("warning", "the clock was set back");
  await failed("too late", null);
  assert.deepEqual(told, ["fwknopd: warning: the key is short\nready"]);
  assert.deepEqual(lines, [
    "info: Starting fwknopd",
    "warning: Warning: the key is short",
    "warning: the clock was set back",
  ]);
});

Deno.test("reportStart() tells why a start failed, with the remedy where there is one", async () => {
  const first = start();
  first.log("warning", "the key is short");
  await first.failed("Cannot use the interface eth9", "set PCAP_INTF");
  assert.deepEqual(first.told, [
    "fwknopd: warning: the key is short\nfwknopd: error: Cannot use the interface eth9\nfwknopd: hint: set PCAP_INTF",
  ]);
  const second = start();
  await second.failed("Unexpected", null);
  assert.deepEqual(second.told, ["fwknopd: error: Unexpected"]);
});

Deno.test("reportStart() leaves the log alone where nobody waits", async () => {
  const log = () => {};
  const report = reportStart(log, null, "ready");
  assert.equal(report.log, log);
  await report.ready();
  await report.failed("too late", null);
});
