import assert from "node:assert/strict";
import { nftChains } from "../../../../daemon/firewall/nftables/chain_list.ts";

Deno.test("nftChains reads a list of base chains and writes it again", () => {
  const chains = [
    { family: "inet", table: "filter", chain: "input" },
    { family: "ip6", table: "my.t", chain: "c/d_e" },
  ];
  assert.deepEqual(nftChains.parse("inet filter  input,ip6\tmy.t c/d_e"), { ok: true, value: chains });
  const read = nftChains.parse("inet filter input, ip f g");
  assert.ok(read.ok);
  assert.equal(nftChains.format(read.value), "inet filter input, ip f g");
});

Deno.test("nftChains refuses what nft would not take, or would take for something else", () => {
  for (const text of ["", "filter input", "inet filter", "arp filter input", "inet filter input x", "inet a b,"]) {
    assert.equal(nftChains.parse(text).ok, false, text);
  }
  for (const text of ["inet fil;ter input", "inet filter {", "inet 1filter input", 'inet "filter" input']) {
    const read = nftChains.parse(text);
    assert.ok(!read.ok);
    assert.match(read.fault, /character that nftables does not take/);
  }
});

Deno.test("nftChains says what is missing or too much", () => {
  assert.equal(nftChains.remedy?.("chain inet filter input"), "leave the words table and chain out");
  assert.equal(nftChains.remedy?.("inet filter"), "write the chain too: inet filter input");
  assert.equal(nftChains.remedy?.("filter input"), "write the family too: inet filter input");
  assert.equal(nftChains.remedy?.("inet filter in;put"), undefined);
});
