import assert from "node:assert/strict";
import { BACKENDS } from "../../../daemon/firewall/backends.ts";
import { good } from "./in_memory.ts";

const firewall = (text: string) => good(text).config.firewall;

Deno.test("resolveFirewall() leaves the choice open unless something is said", () => {
  const { directive, decisive, destinationRule, switches, backends } = firewall("");
  assert.deepEqual([directive, decisive, destinationRule], ["auto", [], false]);
  assert.deepEqual(switches, { output: false, forwarding: false, localNat: false, snat: false, published: false });
  assert.deepEqual(Object.keys(backends), BACKENDS.map(({ name }) => name));
  assert.equal(firewall("FIREWALL nftables").directive, "nftables");
});

Deno.test("resolveFirewall() names what decides for a packet filter, and nothing else does", () => {
  const named = (text: string) => firewall(text).decisive.map(({ backend, directive }) => `${backend} ${directive}`);
  assert.deepEqual(named("IPT_DNAT_ACCESS DNAT, nat, PREROUTING, 1, MINE, 1\nFIREWALL_EXE /sbin/iptables"), [
    "iptables FIREWALL_EXE",
    "iptables IPT_DNAT_ACCESS",
  ]);
  assert.deepEqual(named("FLUSH_IPT_AT_INIT N\nENABLE_RULE_PREPEND Y\nNFT_INPUT_CHAINS inet filter input"), []);
});

Deno.test("resolveFirewall() takes ENABLE_IPT_OUTPUT and ENABLE_DESTINATION_RULE for every packet filter", () => {
  const { switches, destinationRule } = firewall("FIREWALL nftables\nENABLE_IPT_OUTPUT Y\nENABLE_DESTINATION_RULE Y");
  assert.equal(switches.output, true);
  assert.equal(destinationRule, true);
});

Deno.test("a line for one packet filter changes what that one gets, and nothing that another gets", () => {
  const usual = firewall("").backends;
  const changed = firewall("FLUSH_IPT_AT_EXIT N").backends;
  assert.notDeepEqual(changed.iptables, usual.iptables);
  assert.deepEqual(changed.nftables, usual.nftables);
});
