import assert from "node:assert/strict";
import { needsLibpcap, sameSource, type SourceSpec } from "../../../daemon/packet/spec.ts";

const eth0: SourceSpec = {
  kind: "interface",
  device: "eth0",
  filter: "udp port 62201",
  snaplen: 1500,
  promiscuous: false,
  direction: "in",
};

Deno.test("sameSource() sees every difference", () => {
  assert.equal(sameSource(eth0, { ...eth0 }), true);
  for (const change of [{ device: "eth1" }, { filter: "" }, { snaplen: 1 }, { promiscuous: true }]) {
    assert.equal(sameSource(eth0, { ...eth0, ...change }), false, JSON.stringify(change));
  }
  assert.equal(sameSource({ kind: "udp", port: 1 }, { kind: "udp", port: 2 }), false);
});

Deno.test("needsLibpcap() is true of interfaces, TCP SYNs and capture files", () => {
  assert.equal(needsLibpcap(eth0), true);
  assert.equal(needsLibpcap({ kind: "syn", device: "eth0", promiscuous: false, direction: "in" }), true);
  assert.equal(needsLibpcap({ kind: "udp", port: 1 }), false);
});
