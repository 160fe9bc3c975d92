import assert from "node:assert/strict";
import { isNoInterface, openFirstSource, sameSource } from "../../../daemon/start/compose.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../../ffi/pcap/constants.ts";
import { good } from "../config/in_memory.ts";

const config = (server: string) => good(server).config;
const failure = (code: number) => new FfiError("no eth9", { library: "libpcap", symbol: "pcap_activate", code });

Deno.test("sameSource() compares what the mode in use looks at, and nothing else", () => {
  const eth0 = config("PCAP_INTF eth0;\n");
  assert.equal(sameSource(eth0, config("PCAP_INTF eth0;\nMAX_SPA_PACKET_AGE 7;\n")), true);
  assert.equal(sameSource(eth0, config("PCAP_INTF eth1;\n")), false);
  assert.equal(sameSource(eth0, config("PCAP_INTF eth0;\nPCAP_FILTER udp port 1;\n")), false);
  const server = config("ENABLE_UDP_SERVER Y;\nUDPSERV_PORT 62201;\nPCAP_INTF eth0;\n");
  assert.equal(sameSource(server, config("ENABLE_UDP_SERVER Y;\nUDPSERV_PORT 62201;\nPCAP_INTF eth1;\n")), true);
  assert.equal(sameSource(server, config("ENABLE_UDP_SERVER Y;\nUDPSERV_PORT 62202;\n")), false);
  assert.equal(sameSource(eth0, server), false);
});

Deno.test("isNoInterface() is true of an interface that is not there or down, and of nothing else", () => {
  assert.equal(isNoInterface(failure(PCAP_ERROR_NO_SUCH_DEVICE)), true);
  assert.equal(isNoInterface(failure(PCAP_ERROR_IFACE_NOT_UP)), true);
  assert.equal(isNoInterface(failure(-1)), false);
});

Deno.test("openFirstSource() waits for an interface that is not there only with EXIT_AT_INTF_DOWN N", () => {
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const open = (server: string, code: number) =>
    openFirstSource(config(server), log, () => {
      throw failure(code);
    });
  assert.equal(open("EXIT_AT_INTF_DOWN N;\n", PCAP_ERROR_NO_SUCH_DEVICE).absent, true);
  assert.deepEqual(lines, [
    "warning: no eth9: EXIT_AT_INTF_DOWN is N, so trying again every second until it can be opened",
  ]);
  assert.throws(() => open("EXIT_AT_INTF_DOWN N;\n", -1), FfiError);
  assert.throws(() => open("EXIT_AT_INTF_DOWN Y;\n", PCAP_ERROR_NO_SUCH_DEVICE), FfiError);
});
