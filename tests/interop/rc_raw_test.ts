/** What directives do to raw packets, seen on the wire beside the C client. */
import assert from "node:assert/strict";
import { DENO_DIR, temporaryFolder } from "../cli/harness.ts";
import type { PacketFields } from "../cli/send/packet_fields.ts";
import { makeSendNamespace, sendTest } from "../cli/send/send_namespace.ts";
import { openWith } from "./side_by_side.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;
const SERVER = "198.51.100.2";
const STANZA =
  `[default]\nSPOOF_SOURCE_IP 192.0.2.77\n[gw]\nSPA_SERVER ${SERVER}\nACCESS tcp/22\nALLOW_IP 192.0.2.10\nKEY filekey\n`;

/** Lines of a stanza, and what is then in the packet's headers. */
const ROWS: readonly (readonly [lines: string, protocol: PacketFields["protocol"], header: Record<string, number>])[] =
  [
    [
      "SPA_SERVER_PROTO udpraw\nSPOOF_SOURCE_IP 203.0.113.9\nSPA_SOURCE_PORT 3333\nSPA_SERVER_PORT 53",
      "udp",
      { sourcePort: 3333, destinationPort: 53 },
    ],
    [
      "SPA_SERVER_PROTO tcpraw\nSPOOF_SOURCE_IP 203.0.113.9\nSPA_SOURCE_PORT 3334\nSPA_SERVER_PORT 443",
      "tcp",
      { sourcePort: 3334, destinationPort: 443 },
    ],
    ["SPA_SERVER_PROTO icmp\nSPOOF_SOURCE_IP 203.0.113.9", "icmp", { type: 0, code: 0 }],
  ];

sendTest(
  "SPA_SERVER_PROTO, SPOOF_SOURCE_IP, SPA_SOURCE_PORT and SPA_SERVER_PORT say what a raw packet carries, as in C",
  async () => {
    await using net = await makeSendNamespace();
    using folder = temporaryFolder();
    const rc = `${folder.path}/rc`;
    const env = { DENO_DIR };
    for (const [index, [lines, protocol, header]] of ROWS.entries()) {
      Deno.writeTextFileSync(rc, `${STANZA}${lines}\n`, { mode: 0o600 });
      const args = ["--rc-file", rc, "-n", "gw", "--no-save-args"];
      for (const command of [["/usr/bin/fwknop"], [Deno.execPath(), "run", "--no-prompt", "-A", MAIN]]) {
        const { success, stderr } = await net.run([...command, ...args], env);
        assert.ok(success, new TextDecoder().decode(stderr));
      }
      const seen = await net.packets(2 * (index + 1), ({ destination }) => destination === SERVER);
      const [c, own] = seen.slice(-2);
      assert.ok(c !== undefined && own !== undefined);
      for (const packet of [c, own]) {
        assert.deepEqual([packet.source, packet.protocol], ["203.0.113.9", protocol], lines);
        assert.deepEqual({ ...packet.header, ...header }, packet.header, lines);
        assert.ok((await openWith(packet.payload, "filekey")).ok, lines);
      }
      for (const field of ["ip", "header"] as const) assert.deepEqual(own[field], c[field], `${lines}: ${field}`);
    }
  },
  { client: "c" },
);
