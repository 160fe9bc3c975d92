import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { examineListing, requireChains } from "../../../../daemon/firewall/iptables/examine.ts";
import { parseSave } from "../../../../daemon/firewall/save_text.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";

const TOOLS = findTools("/usr/sbin/iptables", 4);

function listing(policy: string, ...rules: string[]) {
  const chains = [":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":MINE - [0:0]"];
  return parseSave(["*filter", `:INPUT ${policy} [0:0]`, ...chains, ...rules, "COMMIT", ""].join("\n"));
}

/** What is said of rules that are there; null for nothing. */
function said(policy: string, rules: readonly string[], udpPort: number | null = null): string | null {
  const lines = examineListing(listing(policy, ...rules), TOOLS, udpPort);
  assert.ok(lines.length <= 1);
  return lines[0] ?? null;
}

Deno.test("examineListing() says when nothing drops, and only then", () => {
  const silent: readonly (readonly string[])[] = [
    [],
    ["-A INPUT -i lo -j ACCEPT"],
    ["-A INPUT -j LOG"],
    ["-A INPUT -j MINE", "-A MINE -j RETURN"],
    ["-A FORWARD -j DROP"],
    ["-A MINE -j DROP"],
  ];
  for (const rules of silent) {
    assert.match(
      said("ACCEPT", rules) ?? "",
      /^iptables drops no incoming packet: .*IPv4.*-P INPUT DROP/,
      rules.join(),
    );
    assert.equal(said("DROP", rules), null);
  }
  for (
    const rules of [["-A INPUT -p tcp -j DROP"], ["-A INPUT -j MINE", "-A MINE -j REJECT"], ["-A INPUT -j TARPIT"]]
  ) {
    assert.equal(said("ACCEPT", rules), null, rules.join());
  }
  assert.match(examineListing(parseSave(""), findTools("/usr/sbin/iptables", 6), null)[0] ?? "", /^ip6tables drops no/);
});

Deno.test("examineListing() says when the own UDP port is dropped, and only when that is sure", () => {
  const others = [
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -p icmp -j ACCEPT",
    "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
    "-A INPUT -p udp -m udp --dport 53 -j ACCEPT",
    "-A INPUT -p udp -m udp --dport 60000:62200 -j ACCEPT",
    "-A INPUT -j MINE",
    "-A MINE -p udp -j LOG",
  ];
  assert.match(
    said("DROP", others, 62201) ?? "",
    /^The chain INPUT of iptables drops UDP packets to port 62201.*-I INPUT/,
  );
  assert.match(said("ACCEPT", [...others, "-A INPUT -j REJECT --reject-with x"], 62201) ?? "", /drops UDP packets/);
  assert.equal(said("DROP", others, null), null);
  for (
    const rule of [
      "-A INPUT -p udp -m udp --dport 62201 -j ACCEPT",
      "-A INPUT -p udp -m udp --dport 62000:62300 -j ACCEPT",
      "-A INPUT -p udp -m multiport --dports 53,62201 -j ACCEPT",
      "-A INPUT -s 192.0.2.0/24 -j ACCEPT",
      "-A INPUT ! -i lo -j ACCEPT",
      "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
      "-A INPUT -m set --match-set x src -j ACCEPT",
      "-A MINE -i eth0 -j ACCEPT",
      "-A INPUT -j NFQUEUE",
    ]
  ) assert.equal(said("DROP", [...others, rule], 62201), null, rule);
});

Deno.test("requireChains() names a chain that is to get our jump and is not there", () => {
  const chains = { ...DEFAULT_CHAINS, input: { ...DEFAULT_CHAINS.input, from: "MINE" } };
  requireChains(listing("DROP"), chains, ["input"]);
  requireChains(parseSave(""), DEFAULT_CHAINS, ["input"]);
  const missing = { ...chains, input: { ...chains.input, from: "NOBODY" } };
  assert.throws(() => requireChains(listing("DROP"), missing, ["input"]), (error: unknown) => {
    assert.ok(error instanceof FirewallError);
    return /the chain "NOBODY": it is not in the table "filter"/.test(error.message);
  });
  requireChains(listing("DROP"), { ...DEFAULT_CHAINS, output: missing.input }, ["input"]);
});
