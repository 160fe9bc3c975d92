import assert from "node:assert/strict";
import { examinePath, IPV6_UPKEEP } from "../../../../daemon/firewall/path/examine.ts";
import type { PathChain, Step } from "../../../../daemon/firewall/path/model.ts";
import { inputChain, iptablesChain } from "../../../fakes/packet_filter.ts";

/** `shuts`: the chains that drop what comes to the port of the daemon. */
function examine(chains: readonly PathChain[], shuts: readonly PathChain[] = [], udpPort: number | null = null) {
  const walk = () => shuts.map((chain): Step => ({ chain, does: "shuts", obstruction: null }));
  return examinePath({ chains, walk }, udpPort, ({ owner }) => owner !== "iptables-legacy");
}

Deno.test("examinePath() says that nothing drops, by address family where only one is open, and then nothing else", () => {
  assert.match(
    examine([]).join(),
    /^No chain drops incoming packets: what nothing else drops is open already, with or/,
  );
  const some = inputChain({ drops: "nothing" });
  assert.equal(examine([some], [some], 62201).length, 1);
  const only4 = examine([iptablesChain()]);
  assert.match(
    only4.join(),
    /^No chain drops incoming packets over IPv6: what nothing else drops is open already over IPv6/,
  );
  assert.deepEqual(examine([iptablesChain(), iptablesChain("iptables-nft", { family: "ip6" })]), []);
  assert.deepEqual(examine([inputChain({ hook: "prerouting" })]), []);
  assert.match(examine([inputChain({ hook: "forward" })]).join(), /^No chain drops incoming packets:/);
});

Deno.test("examinePath() names each chain that drops the knocks of this daemon once, and how to let them in", () => {
  const native = inputChain();
  const legacy = iptablesChain("iptables-legacy", { family: "ip6" });
  assert.deepEqual(examine([native, legacy], [native, legacy], null), []);
  assert.deepEqual(examine([native, legacy], [native, legacy], 62201), [
    'inet filter input drops UDP packets to port 62201, where this daemon listens: no knock will arrive; add "udp dport ' +
    '62201 accept" above what drops them',
    "ip6tables-legacy filter INPUT drops UDP packets to port 62201, where this daemon listens: no knock will arrive; let " +
    "them in (ip6tables-legacy -t filter -I INPUT -p udp --dport 62201 -j ACCEPT)",
  ]);
});

Deno.test("examinePath() says where connections or IPv6 will break, of the chains that grants are opened in", () => {
  const breaks = { acceptsEstablished: false, acceptsNeighbourDiscovery: false };
  const warnings = examine([inputChain(breaks), iptablesChain("iptables-legacy", breaks)]);
  assert.deepEqual(warnings, [
    "inet filter input has no rule that accepts established connections: connections will break when the grant that let " +
    'them in ends; add "ct state established,related accept"',
    "inet filter input does not let ICMPv6 neighbour discovery in: nobody will reach this host by IPv6; add " +
    IPV6_UPKEEP.map((rule) => `"${rule}"`).join(", "),
  ]);
  const managed = examine([inputChain(), iptablesChain("iptables-nft", { ...breaks, family: "ip6" })]);
  assert.equal(managed.length, 2);
  assert.match(
    managed[0] ?? "",
    /\(ip6tables -t filter -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\)$/,
  );
  assert.match(managed[1] ?? "", /\(ip6tables -t filter -I INPUT -p ipv6-icmp -j ACCEPT\)$/);
  assert.deepEqual(
    examine([inputChain({ ...breaks, family: "ip" }), inputChain()]).length,
    1,
    "IPv4 needs no neighbours",
  );
  assert.deepEqual(examine([inputChain({ ...breaks, drops: "some" })]), []);
});
