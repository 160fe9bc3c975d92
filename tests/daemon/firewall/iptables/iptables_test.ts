import assert from "node:assert/strict";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { iptables } from "../../../../daemon/firewall/iptables/iptables.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";

const CONFIG = {
  firewallExe: "/usr/sbin/iptables",
  flushAtInit: true,
  flushAtExit: true,
  prepend: false,
  commentCheck: true,
  chains: DEFAULT_CHAINS,
};

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

Deno.test("iptables is there where FIREWALL_EXE is a file", async () => {
  const here = await iptables.survey({ ...CONFIG, firewallExe: Deno.execPath() });
  assert.equal(here.blocker, null);
  for (const firewallExe of ["/nowhere/iptables", "/usr"]) {
    assert.equal((await iptables.survey({ ...CONFIG, firewallExe })).blocker, "iptables is not installed");
  }
});

Deno.test("iptables opens with its own configuration: FLUSH_IPT_AT_EXIT decides about a clean exit", async () => {
  for (const flushAtExit of [true, false]) {
    const path = { chains: [], survey: () => Promise.resolve([]) };
    const common = { slots: ["input"] as const, log: () => {}, path, owner: null };
    assert.equal((await iptables.open({ ...CONFIG, flushAtExit }, common)).closesAtExit, flushAtExit);
  }
});
