import assert from "node:assert/strict";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import type { IptablesConfig } from "../../../../daemon/firewall/iptables/settings.ts";
import { good } from "../../config/in_memory.ts";
import { DEFAULTS } from "./defaults.ts";

const configured = (text: string) => good(text).config.firewall.backends.iptables as IptablesConfig;

Deno.test("configureIptables() has the defaults of the C daemon", () => {
  assert.deepEqual(configured(""), DEFAULTS);
});

const ROWS: readonly [line: string, change: Partial<IptablesConfig>][] = [
  ["FIREWALL_EXE /sbin/iptables-legacy", { firewallExe: "/sbin/iptables-legacy", isExeGiven: true }],
  ["FIREWALL_EXE /usr/sbin/iptables", { isExeGiven: true }],
  ["FLUSH_IPT_AT_INIT N", { flushAtInit: false }],
  ["FLUSH_IPT_AT_EXIT N", { flushAtExit: false }],
  ["ENABLE_RULE_PREPEND Y", { prepend: true }],
  ["ENABLE_IPT_COMMENT_CHECK N", { commentCheck: false }],
];

for (const [line, change] of ROWS) {
  Deno.test(`configureIptables() obeys ${line}`, () => {
    assert.deepEqual(configured(line), { ...configured(""), ...change });
  });
}

Deno.test("configureIptables() puts each IPT_*_ACCESS to the slot of its name", () => {
  for (const slot of ["input", "output", "forward", "dnat", "snat", "masquerade"] as const) {
    const { chains } = configured(`IPT_${slot.toUpperCase()}_ACCESS ACCEPT, filter,  INPUT , 3, MY_INPUT, 1;`);
    const spec = {
      target: "ACCEPT",
      table: "filter",
      from: "INPUT",
      jumpPosition: 3,
      to: "MY_INPUT",
      rulePosition: 1,
    };
    const shared = slot === "forward" ? { published: spec } : {};
    assert.deepEqual(chains, { ...DEFAULT_CHAINS, [slot]: spec, ...shared });
  }
});
