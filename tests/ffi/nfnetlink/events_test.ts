import assert from "node:assert/strict";
import { be64Attribute, encodeMessages, nftType, readMessages, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { readChange } from "../../../ffi/nfnetlink/events.ts";
import { RECORDED } from "./recorded.ts";

const TABLE = stringAttribute(1, "filter");

/** A change as the kernel would tell it. */
function change(message: number, attributes: Parameters<typeof encodeMessages>[0][number]["attributes"], flags = 0) {
  const type = nftType(message);
  const [received] = readMessages(
    encodeMessages([{ type, flags, seq: 5, family: 1, ...attributes ? { attributes } : {} }]),
  );
  assert.ok(received);
  return readChange(received);
}

Deno.test("readChange() tells what changed, and by which names", () => {
  const names = [TABLE, stringAttribute(2, "fwknop_input4")];
  const named = (message: number, attributes = names) => {
    const { family, table, chain, set, handle } = change(message, attributes)!;
    return [family, table, chain, set, handle];
  };
  assert.deepEqual(named(NFT_MSG.delSetElem), ["inet", "filter", "", "fwknop_input4", null]);
  assert.deepEqual(named(NFT_MSG.newSet, [...names, be64Attribute(16, 5n)]), [
    "inet",
    "filter",
    "",
    "fwknop_input4",
    5n,
  ]);
  assert.deepEqual(named(NFT_MSG.delRule, [...names, be64Attribute(3, 6n)]), [
    "inet",
    "filter",
    "fwknop_input4",
    "",
    6n,
  ]);
  assert.deepEqual(named(NFT_MSG.newChain, [TABLE, be64Attribute(2, 7n), stringAttribute(3, "in")]), [
    "inet",
    "filter",
    "in",
    "",
    7n,
  ]);
  assert.deepEqual(named(NFT_MSG.delTable, [TABLE, be64Attribute(4, 8n)]), ["inet", "filter", "", "", 8n]);
  // A counter: it belongs to the table, and that is all.
  assert.deepEqual(named(18), ["inet", "filter", "", "", null]);
  assert.deepEqual(named(NFT_MSG.newGen), ["inet", "", "", "", null]);
});

Deno.test("readChange() takes messages of nf_tables only", () => {
  const [received] = readMessages(encodeMessages([{ type: 0x0112, flags: 0, seq: 1, family: 1, attributes: [TABLE] }]));
  assert.ok(received);
  assert.equal(readChange(received), null);
});

Deno.test("readChange() tells where a new rule stands", () => {
  const rule = [TABLE, stringAttribute(2, "in"), be64Attribute(3, 9n)];
  const where = (attributes: typeof rule, flags: number) => {
    const { position, append, placed } = change(NFT_MSG.newRule, attributes, flags)!;
    return [position, append, placed];
  };
  assert.deepEqual(where(rule, 0x400), [null, false, true]);
  assert.deepEqual(where([...rule, be64Attribute(6, 4n)], 0xc00), [4n, true, true]);
  // Kernels before 5.15 say nothing of it, not even the flags.
  assert.deepEqual(where(rule, 0), [null, false, false]);
  // The same bit means something else of other messages.
  assert.equal(change(NFT_MSG.newChain, rule, 0x800)?.append, false);
});

Deno.test("a change is decoded when asked for, by what it is", () => {
  const changes = RECORDED.map(readChange).filter((one) => one !== null);
  const rule = changes.find(({ message, chain }) => message === NFT_MSG.newRule && chain === "early");
  assert.deepEqual(rule?.expressions().at(-1), { kind: "verdict", verdict: { kind: "drop" } });
  assert.deepEqual([rule?.tableInfo(), rule?.chainInfo()], [null, null]);
  const chain = changes.find((one) => one.message === NFT_MSG.newChain && one.chain === "early");
  assert.equal(chain?.chainInfo()?.base?.priority, -300);
  assert.deepEqual([chain?.tableInfo(), chain?.expressions()], [null, []]);
  const table = changes.find((one) => one.message === NFT_MSG.newTable && one.table === "asleep");
  assert.equal(table?.tableInfo()?.dormant, true);
  assert.equal(table?.chainInfo(), null);
});
