/** `fwknopd --doctor` on real rulesets: it says what shuts the door, exits with 1 then, and only reads. */
import assert from "node:assert/strict";
import { labTest, makeLab, newKeys, OUR_DAEMON, writeAccess, writeServerConfig } from "../lab/mod.ts";
import type { Directives, Lab } from "../lab/mod.ts";
import { emptyFilter, load, SITUATIONS } from "../lab/foreign/situations.ts";
import { apply, nft } from "../lab/foreign/steps.ts";

/** What shuts out only the knocker of other tests, whose address the doctor does not know. */
const PICKS = ["fail2ban's table, the knocker banned", "a blocklist that holds the knocker"];

const GENERATION = `import { openNfnetlink } from "${
  new URL("../../ffi/nfnetlink/nfnetlink.ts", import.meta.url).href
}";
  console.log(openNfnetlink().generation());`;

/** The number of changes that the server's ruleset has seen. */
async function generation(lab: Lab): Promise<string> {
  return await lab.must("server", [Deno.execPath(), "eval", "--no-check", GENERATION]);
}

async function doctor(lab: Lab, server: Directives = {}, openPorts = "tcp/22") {
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", ...server });
  const access = await writeAccess(lab.dir, [{ ...newKeys(), REQUIRE_SOURCE_ADDRESS: "Y", OPEN_PORTS: openPorts }]);
  const argv = [...OUR_DAEMON.argv, "-c", config, "-a", access, "--doctor"];
  const { code, stdout, stderr } = await lab.run("server", argv);
  assert.equal(stderr, "");
  return { code, text: stdout, lines: stdout.trimEnd().split("\n") };
}

for (const situation of SITUATIONS) {
  labTest(`the doctor beside others: ${situation.name}`, async () => {
    await using lab = await makeLab({ guard: "none" });
    await load(lab, situation);
    const [before, ruleset] = [await generation(lab), await lab.must("server", ["nft", "-s", "list", "ruleset"])];
    const { code, text, lines } = await doctor(lab);
    for (const line of lines) assert.match(line, /^(?:ok {2}|warn|fail) [^:]+: ./);
    const shut = situation.shutBy !== null && !PICKS.includes(situation.name);
    assert.equal(code, shut ? 1 : 0, text);
    assert.equal(lines.some((line) => line.startsWith("fail ")), shut, text);
    if (situation.shutBy !== null) assert.match(text, situation.shutBy);
    assert.equal(await generation(lab), before);
    assert.equal(await lab.must("server", ["nft", "-s", "list", "ruleset"]), ruleset);
    await emptyFilter(lab);
  });
}

labTest(
  "the doctor asks for the knock's own way where it has to arrive at a port, and for each service of the stanzas",
  async () => {
    await using lab = await makeLab({ guard: "nftables" });
    await apply(lab, [nft("add rule inet guard input tcp dport 80 accept")]);
    const udp = await doctor(lab, { ENABLE_UDP_SERVER: "Y", UDPSERV_PORT: 40_000 }, "tcp/22,tcp/80");
    assert.equal(udp.code, 1);
    assert.match(udp.text, /^fail inet guard input: drops knocks over IPv4 and IPv6 .*udp dport 40000 accept/m);
    assert.match(udp.text, /^ok {3}inet guard input: opens tcp\/22, tcp\/80 over IPv4 and IPv6 with a knock$/m);
    assert.match(udp.text, /^warn tcp\/80 over IPv4 and IPv6: open already/m);
    await apply(lab, [nft("insert rule inet guard input udp dport 40000 accept")]);
    assert.equal((await doctor(lab, { ENABLE_UDP_SERVER: "Y", UDPSERV_PORT: 40_000 })).code, 0);
  },
);
