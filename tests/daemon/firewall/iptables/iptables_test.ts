import assert from "node:assert/strict";
import { iptables } from "../../../../daemon/firewall/iptables/iptables.ts";
import { iptablesChain } from "../../../fakes/packet_filter.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";
import { DEFAULTS } from "./defaults.ts";

Deno.test("iptables names every program that any FIREWALL_EXE it takes leads to", () => {
  for (const variant of ["iptables", "iptables-nft", "iptables-legacy"]) {
    for (const family of [4, 6] as const) {
      const tools = findTools(`/usr/sbin/${variant}`, family);
      for (const path of [tools.iptables, tools.save, tools.restore]) {
        assert.ok(iptables.programs.includes(path.slice("/usr/sbin/".length)), path);
      }
    }
  }
  assert.equal(new Set(iptables.programs).size, 18);
});

Deno.test("iptables is there where FIREWALL_EXE is a file", () => {
  assert.equal(iptables.blocker({ ...DEFAULTS, firewallExe: Deno.execPath() }), null);
  for (const firewallExe of ["/nowhere/iptables", "/usr"]) {
    assert.equal(iptables.blocker({ ...DEFAULTS, firewallExe }), "iptables is not installed");
  }
});

Deno.test("iptables can work on both of its packet filters, with FIREWALL_EXE on that of this program", () => {
  assert.deepEqual(iptables.owners(DEFAULTS), ["iptables-nft", "iptables-legacy"]);
  const given = (firewallExe: string) => iptables.owners({ ...DEFAULTS, firewallExe, isExeGiven: true });
  assert.deepEqual(given("/sbin/iptables-legacy"), ["iptables-legacy"]);
  assert.deepEqual(given("/sbin/iptables-nft"), ["iptables-nft"]);
});

Deno.test("iptables opens the flavour whose chain decided, and goes into its chains only", async () => {
  const path = { chains: [], survey: () => Promise.resolve([]) };
  const legacy = iptablesChain("iptables-legacy");
  for (const owner of ["iptables-nft", "iptables-legacy"] as const) {
    const opened = await iptables.open(DEFAULTS, { slots: ["input"], log: () => {}, path, owner, hears: true });
    assert.equal(opened.owner, owner);
    assert.equal(opened.enters(iptablesChain(owner)), true);
    assert.equal(opened.enters(iptablesChain(owner, { family: "ip6" })), true);
    assert.equal(opened.enters(legacy), owner === legacy.owner);
    assert.equal(opened.enters(iptablesChain(owner, { chain: "FORWARD" })), false, "no grants of that kind");
    assert.equal(opened.enters(iptablesChain(owner, { table: "raw" })), false);
  }
});

Deno.test("iptables opens with its own configuration: FLUSH_IPT_AT_EXIT decides about a clean exit", async () => {
  for (const flushAtExit of [true, false]) {
    const path = { chains: [], survey: () => Promise.resolve([]) };
    const common = { slots: ["input"] as const, log: () => {}, path, owner: null, hears: false };
    assert.equal((await iptables.open({ ...DEFAULTS, flushAtExit }, common)).closesAtExit, flushAtExit);
  }
});
