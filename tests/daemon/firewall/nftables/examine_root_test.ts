import assert from "node:assert/strict";
import { examineRuleset } from "../../../../daemon/firewall/nftables/examine.ts";
import { parseRuleset } from "../../../../daemon/firewall/nftables/ruleset.ts";
import { openNft } from "../../../../ffi/nftables/nft.ts";
import { within } from "../../../contract/namespace.ts";
import { type Lab, labTest, makeLab } from "../../../lab/mod.ts";

let shared: Promise<Lab> | undefined;

/** What is said of a ruleset as nft itself lists it. */
async function said(policy: string, rules: readonly string[], udpPort: number | null) {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  const chain = `chain base { type filter hook input priority 0; policy ${policy};\n${rules.join("\n")}\n}`;
  const table = `table inet t {\nset s { type inet_service; }\nchain mine { udp dport 5000 accept; }\n${chain}\n}\n`;
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${table}` });
  const { output } = within(lab.host("server").namespace, () => {
    using nft = openNft();
    return nft.run("list ruleset", { json: true, terse: true });
  });
  return examineRuleset(parseRuleset(output), udpPort);
}

const OTHERS = [
  "iif lo accept",
  "ct state established,related accept",
  "ct state vmap { established : accept, related : accept, invalid : drop }",
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  "meta l4proto icmp accept",
  "tcp dport 22 accept",
  "udp dport { 53, 60000-62200 } accept",
  "jump mine",
] as const;

labTest("examineRuleset() says when nothing drops, and when the own UDP port is dropped, as nft lists it", async () => {
  try {
    const nothing = await said("accept", ["iif lo accept"], 62201);
    assert.match(nothing.join("\n"), /^No chain of nftables drops incoming packets: .*policy drop$/);
    assert.deepEqual(await said("accept", ["tcp dport 25 drop"], 62201), []);
    assert.deepEqual(await said("drop", OTHERS, null), []);
    for (const [policy, last] of [["drop", ""], ["accept", "reject"]] as const) {
      const [line = ""] = await said(policy, [...OTHERS, last], 62201);
      assert.match(line, /^inet t base drops UDP packets to port 62201, .*add "udp dport 62201 accept"$/);
    }
    for (
      const rule of [
        "udp dport 62201 accept",
        "udp dport 62000-62300 accept",
        "udp dport != 53 accept",
        "udp dport @s accept",
        "th dport { 53, 62201 } accept",
        "ip saddr 192.0.2.0/24 accept",
        "iifname != lo accept",
        "ct state new,established accept",
        "meta l4proto { tcp, udp } accept",
        "udp dport vmap { 62201 : accept }",
        "accept",
      ]
    ) assert.deepEqual(await said("drop", [...OTHERS, rule], 62201), [], rule);
  } finally {
    await (await shared)?.[Symbol.asyncDispose]();
  }
});
