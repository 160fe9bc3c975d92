import assert from "node:assert/strict";
import { wantedSources } from "../../../daemon/config/sources.ts";
import { sameSource } from "../../../daemon/packet/spec.ts";
import { good, STANZA, wrong } from "./in_memory.ts";

const wanted = (server: string) => wantedSources(good(server).config);

Deno.test("wantedSources() names each interface once, in the order of the list", () => {
  const names = (list: string) =>
    wanted(`PCAP_INTF ${list};\n`).map((spec) => spec.kind === "interface" && spec.device);
  assert.deepEqual(names("eth0"), ["eth0"]);
  assert.deepEqual(names("wg0,eth0, wg0"), ["wg0", "eth0"]);
  assert.deepEqual(wanted("").map(({ kind }) => kind), ["interface"]);
});

Deno.test("wantedSources() depends on what the mode in use looks at, and on nothing else", () => {
  const same = (a: string, b: string) => sameSource(wanted(a)[0]!, wanted(b)[0]!);
  assert.equal(same("", "MAX_SPA_PACKET_AGE 7;\nEXIT_AT_INTF_DOWN N;\nPCAP_DISPATCH_COUNT 7;\n"), true);
  assert.equal(same("PCAP_INTF eth0;\n", "PCAP_INTF eth1;\n"), false);
  assert.equal(same("", "PCAP_FILTER udp port 1;\n"), false);
  assert.equal(same("ENABLE_UDP_SERVER Y;\n", "ENABLE_UDP_SERVER Y;\nPCAP_INTF eth1;\n"), true);
  assert.equal(same("ENABLE_UDP_SERVER Y;\n", "ENABLE_UDP_SERVER Y;\nUDPSERV_PORT 62202;\n"), false);
  assert.equal(same("", "ENABLE_UDP_SERVER Y;\n"), false);
});

Deno.test("wantedSources() looks at TCP SYNs where a stanza asks for a system, and nowhere else", () => {
  const files = { "/etc/fwknop/fingerprints.conf": "Linux: ttl=64 window=* options=*\n" };
  const syns = (server: string, access: string) =>
    wantedSources(good(server, STANZA + access, { files }).config).flatMap((spec) => spec.kind === "syn" ? [spec] : []);
  assert.deepEqual(syns("", ""), []);
  assert.deepEqual(syns("", "REQUIRE_OS linux\n"), [
    { kind: "syn", device: "eth0", promiscuous: false, direction: "in" },
  ]);
  const everything = "PCAP_INTF wg0,eth0;\nENABLE_PCAP_PROMISC Y;\nENABLE_PCAP_ANY_DIRECTION Y;\n";
  assert.deepEqual(syns(everything, "REQUIRE_OS_REGEX linux\n"), [
    { kind: "syn", device: "wg0", promiscuous: true, direction: "any" },
    { kind: "syn", device: "eth0", promiscuous: true, direction: "any" },
  ]);
  assert.deepEqual(syns(`${everything}ENABLE_UDP_SERVER Y;\n`, "REQUIRE_OS linux\n"), [
    { kind: "syn", device: "any", promiscuous: false, direction: "in" },
  ]);
  const queue = "ENABLE_NFQ_CAPTURE Y;\nNFQ_INTERFACE wg0;\n";
  assert.deepEqual(syns(queue, "REQUIRE_OS linux\n").map(({ device }) => device), ["wg0"]);
});

Deno.test("a list of interfaces that lacks a name is refused", () => {
  for (const list of ["eth0,", ",eth0", "eth0,,wg0"]) {
    assert.match(wrong(`PCAP_INTF ${list};\n`).join("\n"), /PCAP_INTF: .*a name is missing/, list);
  }
});
