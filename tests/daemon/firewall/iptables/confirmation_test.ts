import assert from "node:assert/strict";
import { NFT_MSG } from "../../../../ffi/nfnetlink/constants.ts";
import { addedBy, type HeardChanges, isConfirmed } from "../../../../daemon/firewall/iptables/confirmation.ts";

const BATCH = new Map([
  ["filter", ["-C INPUT -j X", "-A X -s a", "-I X -s b", "-D X -s c"]],
  ["nat", ["-A Y -s a"]],
]);
const FROM = { pid: 7, family: 4 } as const;

type Change = HeardChanges["changes"][number];

function change(message: number, table = "", chain = "", more: Partial<Change> = {}): Change {
  return {
    message,
    portId: 7,
    family: table === "" ? null : "ip",
    table,
    chain,
    handle: null,
    expressions: () => [],
    ...more,
  };
}

const added = change(NFT_MSG.newRule, "filter", "X");
const ALL: readonly Change[] = [
  ...[added, added, change(NFT_MSG.delRule, "filter", "X"), change(NFT_MSG.newGen)],
  ...[change(NFT_MSG.newRule, "nat", "Y"), change(NFT_MSG.newGen)],
];

Deno.test("isConfirmed() wants every rule and every transaction, by that process", () => {
  assert.equal(isConfirmed({ changes: ALL, lost: false }, BATCH, FROM), true);
  assert.equal(isConfirmed({ changes: ALL, lost: true }, BATCH, FROM), false);
  assert.equal(isConfirmed({ changes: ALL, lost: false }, BATCH, { ...FROM, pid: 8 }), false);
  assert.equal(isConfirmed({ changes: ALL, lost: false }, BATCH, { ...FROM, family: 6 }), false);
  for (const index of ALL.keys()) {
    assert.equal(
      isConfirmed({ changes: ALL.toSpliced(index, 1), lost: false }, BATCH, FROM),
      false,
      `without ${index}`,
    );
    const foreign = ALL.with(index, { ...ALL[index]!, portId: 9 });
    assert.equal(isConfirmed({ changes: foreign, lost: false }, BATCH, FROM), false, `${index} by another`);
  }
});

Deno.test("isConfirmed() is not led astray by what others do meanwhile, and wants no more than was asked for", () => {
  const others = [added, change(NFT_MSG.delChain, "filter", "X"), change(NFT_MSG.newGen)].map((one) => ({
    ...one,
    portId: 9,
  }));
  assert.equal(isConfirmed({ changes: [...others, ...ALL, ...others], lost: false }, BATCH, FROM), true);
  assert.equal(isConfirmed({ changes: [...ALL, added], lost: false }, BATCH, FROM), false);
  const elsewhere = change(NFT_MSG.newRule, "filter", "Z");
  assert.equal(isConfirmed({ changes: [...ALL, elsewhere], lost: false }, BATCH, FROM), false);
});

Deno.test("isConfirmed() wants nothing told of what changes nothing", () => {
  const nothing = new Map([["filter", []]]);
  assert.equal(isConfirmed({ changes: [], lost: false }, nothing, FROM), true);
  assert.equal(isConfirmed({ changes: [], lost: true }, nothing, FROM), false);
  assert.equal(isConfirmed({ changes: [added], lost: false }, nothing, FROM), false);
});

Deno.test("addedBy() tells the rules that the process added in that family, in their order", () => {
  const numbered = ALL.map((one, index) => ({ ...one, handle: BigInt(index) }));
  const others = numbered.flatMap((one) => [{ ...one, portId: 9 }, { ...one, family: "ip6" as const }]);
  assert.deepEqual(addedBy({ changes: [...others, ...numbered], lost: false }, FROM).map(({ handle }) => handle), [
    ...[0n, 1n, 4n],
  ]);
});
