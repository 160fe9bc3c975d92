import assert from "node:assert/strict";
import { openNft } from "../../../ffi/nftables/nft.ts";
import { within } from "../../contract/namespace.ts";
import { type Lab, labTest, makeLab } from "../../lab/mod.ts";

const TEXT = { json: false, terse: false };

let shared: Promise<Lab> | undefined;

async function open() {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "flush", "ruleset"]);
  return within(lab.host("server").namespace, openNft);
}

labTest("run() applies a script as one transaction", async () => {
  using nft = await open();
  assert.deepEqual(nft.run("add table ip one\nadd table ip two", TEXT), { ok: true, output: "", error: "" });
  assert.equal(nft.run("list tables", TEXT).output, "table ip one\ntable ip two\n");
  const failed = nft.run("add table ip three\nadd rule ip none none accept", TEXT);
  assert.equal(failed.ok, false);
  assert.match(failed.error, /No such file or directory/);
  assert.doesNotMatch(nft.run("list tables", TEXT).output, /three/);
});

labTest("run() tells a mistake in the language, and goes on after it", async () => {
  using nft = await open();
  assert.match(nft.run("add tabel ip one", TEXT).error, /syntax error/);
  assert.deepEqual(nft.run("add table ip one", TEXT), { ok: true, output: "", error: "" });
});

labTest("run() lists as JSON, with and without elements", async () => {
  using nft = await open();
  nft.run("add table ip t; add set ip t s { type ipv4_addr; }; add element ip t s { 192.0.2.1 }", TEXT);
  const full = nft.run("list ruleset", { json: true, terse: false });
  assert.ok(Array.isArray(JSON.parse(full.output).nftables));
  assert.match(full.output, /192\.0\.2\.1/);
  const terse = nft.run("list ruleset", { json: true, terse: true });
  assert.match(terse.output, /"name": "s"/);
  assert.doesNotMatch(terse.output, /192\.0\.2\.1/);
  assert.match(nft.run("list ruleset", TEXT).output, /elements = \{ 192\.0\.2\.1 \}/);
});

labTest("run() refuses a closed context and text with a NUL", async () => {
  const nft = await open();
  assert.throws(() => nft.run("list\0tables", TEXT), RangeError);
  nft[Symbol.dispose]();
  nft[Symbol.dispose]();
  assert.throws(() => nft.run("list tables", TEXT), /closed/);
});
