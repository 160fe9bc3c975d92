import assert from "node:assert/strict";
import { wantedSources } from "../../../daemon/config/sources.ts";
import { recoverSource } from "../../../daemon/loop/recover.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { good } from "../config/in_memory.ts";

const ENETDOWN = 100;
const broken = (code: number) => new FfiError("eth0: it failed", { library: "libpcap", symbol: "pcap_dispatch", code });

/** Recovers a source of this configuration; `opened` null: it cannot be opened. */
function recover(
  server: string,
  error: Error | null,
  { opened, kind = null }: { readonly opened: PacketSource | null; readonly kind?: string | null },
) {
  const lines: string[] = [];
  const source = absentSource();
  const { config } = good(server);
  const spec = wantedSources(config).find((one) => kind === null || one.kind === kind);
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
  const { answer, lines, source } = recover("EXIT_AT_INTF_DOWN N;\n", broken(ENETDOWN), { opened: null });
  assert.equal(answer, source);
  assert.deepEqual(lines, [
    "warning: Error from pcap_dispatch: eth0: it failed: waiting until it is up again",
  ]);
});

Deno.test("recoverSource() opens a source again that is gone, at once or later, and says so once", () => {
  const next = { ...absentSource(), banner: ["Sniffing interface: eth0"] };
  const found = recover("EXIT_AT_INTF_DOWN N;\n", broken(-1), { opened: next });
  assert.equal(found.answer, next);
  assert.deepEqual(found.lines, [
    "error: Error from pcap_dispatch: eth0: it failed: trying again every second",
    "info: Sniffing interface: eth0",
  ]);
  const missing = recover("EXIT_AT_INTF_DOWN N;\n", null, { opened: null });
  assert.equal(missing.answer, "later");
  assert.deepEqual(missing.lines, []);
});

Deno.test("recoverSource() gives up where EXIT_AT_INTF_DOWN is written", () => {
  const { answer, lines } = recover("EXIT_AT_INTF_DOWN Y;\n", broken(ENETDOWN), { opened: absentSource() });
  assert.equal(answer, null);
  assert.deepEqual(lines, ["error: Fatal error from pcap_dispatch: eth0: it failed"]);
});

/** A source of each other kind, as it is configured. */
const NO_INTERFACES = {
  queue: "ENABLE_NFQ_CAPTURE Y;\n",
  udp: "ENABLE_UDP_SERVER Y;\n",
  file: "PCAP_FILE /nowhere/packets.pcap;\n",
  tcp: "ENABLE_TCP_SERVER Y;\n",
};

for (const [kind, server] of Object.entries(NO_INTERFACES)) {
  Deno.test(`recoverSource() goes on without a ${kind} source that broke, whatever EXIT_AT_INTF_DOWN says`, () => {
    const next = absentSource();
    for (const code of [-1, ENETDOWN]) {
      const { answer, lines } = recover(`EXIT_AT_INTF_DOWN Y;\n${server}`, broken(code), { opened: next, kind });
      assert.notEqual(answer, null, lines.join("\n"));
      assert.doesNotMatch(lines.join("\n"), /Fatal/);
    }
  });
}

Deno.test("recoverSource() names no pcap where a UDP server captures", () => {
  const { lines } = recover("ENABLE_UDP_SERVER Y;\n", broken(-1), { opened: absentSource() });
  assert.deepEqual(lines, ["error: eth0: it failed: trying again every second"]);
});

Deno.test("recoverSource() takes no mistake of our own for a broken capture", () => {
  assert.throws(() => recover("", new TypeError("undefined is no function"), { opened: absentSource() }), TypeError);
});
