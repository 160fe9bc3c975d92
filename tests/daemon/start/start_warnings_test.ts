import assert from "node:assert/strict";
import { formatElsewhere } from "../../../daemon/firewall/choose.ts";
import type { PathChain } from "../../../daemon/firewall/path/model.ts";
import { type Examined, startWarnings } from "../../../daemon/start/start_warnings.ts";
import { good, STANZA } from "../config/in_memory.ts";

const OTHER: PathChain = {
  ...{ owner: "iptables-nft", family: "ip", table: "filter", chain: "INPUT", hook: "input", priority: 0, devices: [] },
  ...{ locked: false, drops: "default", acceptsEstablished: true, acceptsNeighbourDiscovery: true },
};
const ELSEWHERE = formatElsewhere(OTHER, "nftables");

/** A packet filter that opens nothing in a chain which drops IPv4 to these ports, and everything to them where it enters. */
function opened(ports: readonly number[], asked: (number | null)[] = []): Examined {
  return {
    firewall: {
      name: "nftables",
      enters: () => false,
      examine: (udpPort) => Promise.resolve((asked.push(udpPort), ["a line of the ruleset", ELSEWHERE])),
    },
    path: {
      walk: ({ family, service }) => {
        if (family === 6) return [];
        const obstruction = { chain: "iptables-nft filter INPUT", how: "drops by policy", remedy: "let it in there" };
        return ports.includes(service.port)
          ? [{ chain: OTHER, does: "shuts", obstruction }]
          : [{ chain: OTHER, does: "passes", obstruction: null }];
      },
    },
  };
}

Deno.test("startWarnings() names what keeps the services of the stanzas shut, with the remedy, and each chain once", async () => {
  const loaded = good("ENABLE_UDP_SERVER Y\nUDPSERV_PORT 40000", `${STANZA}OPEN_PORTS tcp/22,tcp/80\n`);
  const asked: (number | null)[] = [];
  assert.deepEqual(await startWarnings(loaded, opened([22, 80], asked), [4, 6]), [
    "a line of the ruleset",
    "iptables-nft filter INPUT keeps tcp/22, tcp/80 over IPv4 shut (drops by policy): let it in there",
  ]);
  assert.deepEqual(asked, [40_000]);
});

Deno.test("startWarnings() says no more than the packet filter does of chains that keep none of these services shut", async () => {
  const loaded = good("", `${STANZA}OPEN_PORTS tcp/22\n`);
  assert.deepEqual(await startWarnings(loaded, opened([80]), [4, 6]), ["a line of the ruleset", ELSEWHERE]);
});

Deno.test("startWarnings() follows no packets in test mode", async () => {
  const { path: _path, ...test } = opened([22]);
  assert.deepEqual(await startWarnings(good(""), test, [4]), ["a line of the ruleset", ELSEWHERE]);
});
