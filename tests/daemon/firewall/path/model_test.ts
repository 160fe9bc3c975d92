import assert from "node:assert/strict";
import { formatPathChain, type Owner } from "../../../../daemon/firewall/path/model.ts";
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
});
