import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { be64Attribute, type IncomingMessage, nftType } from "../../../ffi/nfnetlink/codec.ts";
import { NFNL_BATCH_GENID, NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import { be32At, BODY, find } from "../../../ffi/nfnetlink/scan.ts";
import { transact, transactInVain } from "../../../ffi/nfnetlink/transact.ts";
import { acknowledgement, fakeSocket, type Reply, told } from "./fake_socket.ts";

const E_PERM = 1, E_NOENT = 2, E_RESTART = 85;
const TABLE = { family: "inet", table: "t" } as const;
const RULE = { verb: "add rule", ...TABLE, chain: "c", at: "tail", expressions: [] } as const;
const CHANGES = [
  { verb: "add table", ...TABLE },
  { verb: "add chain", ...TABLE, chain: "c", base: null },
  RULE,
  { verb: "add", ...TABLE, set: "s", key: Uint8Array.of(1) },
  RULE,
] as const;

/** What becomes of the changes, for a kernel that answers so to the batch that begins with that number. */
function outcome(reply: (first: number) => Reply) {
  const socket = fakeSocket((messages) => reply(messages[0]?.seq ?? 0));
  const requests = requestsOn(socket);
  // Not the first exchange: numbers are counted from the batch and not from 1.
  requests.exchange((seq) => [{ type: 0, flags: 0, seq, family: 0 }]);
  return transact(requests, CHANGES, 5);
}

Deno.test("transact() sends begin, one message for each change, and end; the last change is to be answered", () => {
  const batches: (readonly IncomingMessage[])[] = [];
  const socket = fakeSocket((messages) => {
    batches.push(messages);
    return [acknowledgement(messages[5]?.seq ?? 0)];
  });
  assert.deepEqual(transact(requestsOn(socket), CHANGES, null), { ok: true, handles: new Map() });
  const kinds = [NFT_MSG.newTable, NFT_MSG.newChain, NFT_MSG.newRule, NFT_MSG.newSetElem, NFT_MSG.newRule].map(nftType);
  assert.deepEqual(batches.map((messages) => messages.map(({ type }) => type)), [[0x10, ...kinds, 0x11]]);
  assert.deepEqual(batches[0]?.map(({ flags }) => (flags & 4) !== 0), [false, false, false, false, false, true, false]);
});

Deno.test("transact() tells the handles of new rules by the change that added them", () => {
  const echo = (seq: number, handle: bigint) => told(seq, nftType(NFT_MSG.newRule), [be64Attribute(3, handle)]);
  assert.deepEqual(outcome((first) => [acknowledgement(first + 5), echo(first + 3, 7n), echo(first + 5, 9n)]), {
    ok: true,
    handles: new Map([[2, 7n], [4, 9n]]),
  });
});

Deno.test("transact() tells a missing capability from a table that belongs to somebody", () => {
  assert.deepEqual(outcome((first) => [acknowledgement(first, E_PERM)]), {
    ok: false,
    stale: false,
    refusals: [{ index: null, code: E_PERM, text: "" }],
  });
  assert.deepEqual(outcome((first) => [acknowledgement(first + 2, E_PERM), acknowledgement(first + 4, E_NOENT)]), {
    ok: false,
    stale: false,
    refusals: [{ index: 1, code: E_PERM, text: "" }, { index: 3, code: E_NOENT, text: "" }],
  });
});

Deno.test("transact() is stale when the batch itself is refused with ERESTART, and only then", () => {
  assert.deepEqual(outcome((first) => [acknowledgement(first, E_RESTART)]), { ok: false, stale: true });
  const refused = outcome((first) => [acknowledgement(first + 1, E_RESTART)]);
  assert.ok(!refused.ok && !refused.stale);
});

Deno.test("no answer is not success, and nothing to do is nothing sent", () => {
  assert.throws(() => outcome(() => []), FfiError);
  const socket = fakeSocket(() => []);
  assert.deepEqual(transact(requestsOn(socket), [], null), { ok: true, handles: new Map() });
  assert.deepEqual(socket.sent, []);
});

Deno.test("transactInVain() sends changes without an end, for a generation that there is not, and reads the refusal", () => {
  const batches: (readonly IncomingMessage[])[] = [];
  const socket = fakeSocket((messages) => {
    batches.push(messages);
    return [acknowledgement(messages[0]?.seq ?? 0, E_RESTART)];
  });
  assert.deepEqual(transactInVain(requestsOn(socket), CHANGES.slice(3, 4)), { ok: false, stale: true });
  assert.deepEqual(batches.map((messages) => messages.map(({ type }) => type)), [[0x10, nftType(NFT_MSG.newSetElem)]]);
  assert.equal(be32At(batches[0]![0]!.body, find(batches[0]![0]!.body, BODY, NFNL_BATCH_GENID)), 0xffff_ffff);
});
