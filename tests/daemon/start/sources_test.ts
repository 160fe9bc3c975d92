import assert from "node:assert/strict";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import type { SourceSpec } from "../../../daemon/packet/spec.ts";
import { newSources, openSources } from "../../../daemon/start/sources.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { PCAP_ERROR_NO_SUCH_DEVICE } from "../../../ffi/pcap/constants.ts";
import { good } from "../config/in_memory.ts";

/** Opens sources; an interface in `failing` fails with its code. */
function scene(failing: Record<string, number> = {}) {
  const lines: string[] = [], opened: string[] = [], closed: string[] = [];
  const open = (spec: SourceSpec): PacketSource => {
    const name = spec.kind === "interface" ? spec.device : spec.kind;
    const code = failing[name];
    if (code !== undefined) throw new FfiError(`no ${name}`, { library: "libpcap", symbol: "pcap_activate", code });
    opened.push(name);
    const { absent: _absent, ...source } = absentSource();
    return { ...source, [Symbol.dispose]: () => void closed.push(name) };
  };
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const run = (server: string, inUse: Parameters<typeof newSources>[0] = []) =>
    openSources(good(server).config, { inUse, open, log });
  return { lines, opened, closed, run };
}

Deno.test("openSources() opens each interface by itself, and keeps those that are in use", () => {
  const { closed, opened, run } = scene();
  const before = run("PCAP_INTF eth0, wg0,eth0;\n");
  assert.deepEqual(opened, ["eth0", "wg0"]);
  const after = run("PCAP_INTF wg0,eth1;\n", before);
  assert.deepEqual(opened, ["eth0", "wg0", "eth1"]);
  assert.equal(after[0]?.source, before[1]?.source);
  assert.deepEqual(newSources(after, before).map(({ source }) => source), [after[1]?.source]);
  assert.deepEqual(newSources(before, after).map(({ source }) => source), [before[0]?.source]);
  assert.deepEqual(closed, [], "what is no longer in use is closed by who exchanges it");
  assert.notEqual(run("PCAP_INTF eth0;\nPCAP_FILTER tcp;\n", before)[0]?.source, before[0]?.source);
});

Deno.test("openSources() waits for an interface that is not there only with EXIT_AT_INTF_DOWN N", () => {
  const { lines, opened, run } = scene({ eth9: PCAP_ERROR_NO_SUCH_DEVICE });
  const [absent, there] = run("PCAP_INTF eth9,eth0;\nEXIT_AT_INTF_DOWN N;\n");
  assert.deepEqual([absent?.source.absent, there?.source.absent], [true, undefined]);
  assert.deepEqual(opened, ["eth0"]);
  assert.deepEqual(lines, [
    "warning: no eth9: trying again every second until it can be opened",
  ]);
  assert.throws(() => run("PCAP_INTF eth9;\nEXIT_AT_INTF_DOWN Y;\n"), /no eth9/);
  assert.throws(() => run("PCAP_INTF eth9;\n"), /no eth9/);
});

Deno.test("openSources() names all that cannot be opened, and leaves nothing open", () => {
  const { closed, run } = scene({ eth8: -1, eth9: PCAP_ERROR_NO_SUCH_DEVICE });
  const before = run("PCAP_INTF wg0;\n");
  assert.throws(() => run("PCAP_INTF wg0,eth0,eth8,eth9;\n", before), /^FfiError: no eth8; no eth9$/);
  assert.deepEqual(closed, ["eth0"], "not what is in use");
  assert.throws(() => run("PCAP_INTF eth8;\nEXIT_AT_INTF_DOWN N;\n"), FfiError, "that is no absence");
});
