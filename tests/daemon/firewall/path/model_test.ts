import assert from "node:assert/strict";
import { formatPathChain, isSilent, type Owner, type PathChain } from "../../../../daemon/firewall/path/model.ts";
import type { TableFamily } from "../../../../ffi/nfnetlink/constants.ts";

Deno.test("formatPathChain() names a chain as its own tools do", () => {
  const named = (owner: Owner, family: TableFamily, chain: string) =>
    formatPathChain({
      ...{ owner, family, chain, table: "filter", hook: "input", priority: 0, devices: [], locked: false },
      ...{ acceptsEstablished: false, acceptsNeighbourDiscovery: false },
    });
  assert.equal(named("nftables", "inet", "input"), "inet filter input");
  assert.equal(named("nftables", "ip6", "input"), "ip6 filter input");
  assert.equal(named("iptables-nft", "ip", "INPUT"), "iptables-nft filter INPUT");
  assert.equal(named("iptables-legacy", "ip6", "INPUT"), "ip6tables-legacy filter INPUT");
  assert.equal(named("nftables", "inet", "in\nput"), "inet filter in\\x0aput");
});

Deno.test("isSilent(): tables of other processes, and legacy iptables", () => {
  const chain: PathChain = {
    ...{ owner: "nftables", family: "inet", table: "filter", chain: "input", hook: "input", priority: 0, devices: [] },
    ...{ locked: false, drops: "default", acceptsEstablished: false, acceptsNeighbourDiscovery: false },
  };
  assert.equal(isSilent(chain), false);
  assert.equal(isSilent({ ...chain, locked: true }), true);
  assert.equal(isSilent({ ...chain, owner: "iptables-nft" }), false);
  assert.equal(isSilent({ ...chain, owner: "iptables-legacy" }), true);
});
