import assert from "node:assert/strict";
import { wantedSources } from "../../../daemon/config/sources.ts";
import { recoverSource } from "../../../daemon/loop/recover.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { good } from "../config/in_memory.ts";

const ENETDOWN = 100;
const broken = (code: number) => new FfiError("eth0: it failed", { library: "libpcap", symbol: "pcap_dispatch", code });

/** Recovers with this configuration; `opened` null: the source cannot be opened. */
function recover(server: string, error: Error | null, opened: PacketSource | null) {
  const lines: string[] = [];
  const source = absentSource();
  const { config } = good(server);
  const [spec] = wantedSources(config);
  assert.ok(spec);
  const answer = recoverSource({ spec, source }, error, {
    config,
    log: (level: string, text: string) => void lines.push(`${level}: ${text}`),
    openSource: () => {
      if (opened === null) throw broken(-1);
      return opened;
    },
  });
  return { answer, lines, source };
}

Deno.test("recoverSource() waits with the same source until an interface is up again", () => {
  const { answer, lines, source } = recover("EXIT_AT_INTF_DOWN N;\n", broken(ENETDOWN), null);
  assert.equal(answer, source);
  assert.deepEqual(lines, [
    "warning: Error from pcap_dispatch: eth0: it failed: waiting until it is up again",
  ]);
});

Deno.test("recoverSource() opens a source again that is gone, at once or later, and says so once", () => {
  const next = { ...absentSource(), banner: ["Sniffing interface: eth0"] };
  const found = recover("EXIT_AT_INTF_DOWN N;\n", broken(-1), next);
  assert.equal(found.answer, next);
  assert.deepEqual(found.lines, [
    "error: Error from pcap_dispatch: eth0: it failed: trying again every second",
    "info: Sniffing interface: eth0",
  ]);
  const missing = recover("EXIT_AT_INTF_DOWN N;\n", null, null);
  assert.equal(missing.answer, "later");
  assert.deepEqual(missing.lines, []);
});

Deno.test("recoverSource() gives up where EXIT_AT_INTF_DOWN is written", () => {
  const { answer, lines } = recover("EXIT_AT_INTF_DOWN Y;\n", broken(ENETDOWN), absentSource());
  assert.equal(answer, null);
  assert.deepEqual(lines, ["error: Fatal error from pcap_dispatch: eth0: it failed"]);
});

Deno.test("recoverSource() names no pcap where a UDP server captures", () => {
  const { lines } = recover("ENABLE_UDP_SERVER Y;\n", broken(-1), absentSource());
  assert.deepEqual(lines, ["error: eth0: it failed: trying again every second"]);
});

Deno.test("recoverSource() takes no mistake of our own for a broken capture", () => {
  assert.throws(() => recover("", new TypeError("undefined is no function"), absentSource()), TypeError);
});
