import assert from "node:assert/strict";
import type { NftablesConfig } from "../../../../daemon/firewall/nftables/settings.ts";
import { good } from "../../config/in_memory.ts";

const configured = (text: string) => good(text).config.firewall.backends.nftables as NftablesConfig;

Deno.test("configureNftables() takes doors over at start and closes them at exit, in every chain that it finds", () => {
  assert.deepEqual(configured(""), { flushAtInit: false, flushAtExit: true, chains: {} });
  assert.deepEqual(configured("FLUSH_NFT_AT_INIT Y\nFLUSH_NFT_AT_EXIT N"), {
    flushAtInit: true,
    flushAtExit: false,
    chains: {},
  });
});

Deno.test("configureNftables() has the chains that are named, by hook", () => {
  assert.deepEqual(configured("NFT_INPUT_CHAINS inet filter input, ip6 my.t c\nNFT_FORWARD_CHAINS ip f g").chains, {
    input: [{ family: "inet", table: "filter", chain: "input" }, { family: "ip6", table: "my.t", chain: "c" }],
    forward: [{ family: "ip", table: "f", chain: "g" }],
  });
  assert.deepEqual(configured("NFT_OUTPUT_CHAINS inet filter output").chains, {
    output: [{ family: "inet", table: "filter", chain: "output" }],
  });
});
