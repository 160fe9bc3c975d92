import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { type IncomingMessage, nftType, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG, NLM_F_DUMP_INTR } from "../../../ffi/nfnetlink/constants.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import { BODY, find, textAt } from "../../../ffi/nfnetlink/scan.ts";
import { acknowledgement, datagram, done, fakeSocket, type Reply, told } from "./fake_socket.ts";

const QUESTION = { message: NFT_MSG.getTable, family: 1, attributes: [] };
const NEW_TABLE = nftType(NFT_MSG.newTable);
const E_PERM = 1, E_NOENT = 2, E_BUSY = 16;

const table = (seq: number, name: string) => told(seq, NEW_TABLE, [stringAttribute(1, name)]);
const empty = (seq: number, flags: number) => datagram(seq, { type: NEW_TABLE, flags, body: new Uint8Array(4) });
const names = (answers: readonly IncomingMessage[]) =>
  answers.filter(({ type }) => type === NEW_TABLE).map(({ body }) => textAt(body, find(body, BODY, 1)));

/** Requests to a kernel that answers the first datagram with the first reply, and so on; the last one for ever. */
function asking(...replies: readonly ((seq: number) => Reply)[]) {
  let count = 0;
  const socket = fakeSocket(([first]) => replies[Math.min(count++, replies.length - 1)]?.(first?.seq ?? 0) ?? []);
  return { socket, requests: requestsOn(socket) };
}

Deno.test("dump() gives all parts of a listing", () => {
  const { requests } = asking((seq) => [table(seq, "a"), table(seq, "b"), done(seq)]);
  assert.deepEqual(names(requests.dump(QUESTION) ?? []), ["a", "b"]);
});

Deno.test("dump() leaves out what answers another request", () => {
  const { requests } = asking((seq) => [table(seq + 1, "late"), table(seq, "a"), done(seq)]);
  assert.deepEqual(names(requests.dump(QUESTION) ?? []), ["a"]);
});

Deno.test("dump() begins again when the ruleset changed meanwhile, and gives up after ten times", () => {
  const interrupted = (seq: number) => [empty(seq, NLM_F_DUMP_INTR), done(seq)];
  const calm = asking(interrupted, (seq) => [table(seq, "a"), done(seq, 0, NLM_F_DUMP_INTR)], (seq) => [
    table(seq, "b"),
    done(seq),
  ]);
  assert.deepEqual(names(calm.requests.dump(QUESTION) ?? []), ["b"]);
  const stormy = asking(interrupted);
  assert.throws(() => stormy.requests.dump(QUESTION), /changes too fast/);
  assert.equal(stormy.socket.sent.length, 10);
});

Deno.test("dump() is null where what holds the things is not there", () => {
  assert.equal(asking((seq) => [acknowledgement(seq, E_NOENT)]).requests.dump(QUESTION), null);
  assert.equal(asking((seq) => [done(seq, E_NOENT)]).requests.dump(QUESTION), null);
});

Deno.test("dump() throws an FfiError for what is no listing", () => {
  const fails = (reply: (seq: number) => Reply, wanted: RegExp) =>
    assert.throws(
      () => asking(reply).requests.dump(QUESTION),
      (error) => error instanceof FfiError && wanted.test(error.message),
    );
  fails(() => [], /has no end/);
  fails((seq) => [table(seq, "a")], /has no end/);
  fails((seq) => [acknowledgement(seq, E_BUSY)], /errno 16/);
  fails((seq) => [done(seq, E_BUSY)], /errno 16/);
  fails((seq) => [table(seq, "a"), "overrun", done(seq)], /did not fit/);
});

Deno.test("what was left of an answer that did not fit is not taken for the next one", () => {
  const { requests } = asking(
    (seq) => ["overrun", table(seq, "old"), done(seq)],
    (seq) => [table(seq, "a"), done(seq)],
  );
  assert.throws(() => requests.dump(QUESTION), /did not fit/);
  assert.deepEqual(names(requests.dump(QUESTION) ?? []), ["a"]);
});

Deno.test("ask() tells what is there, what is not, and what may not be asked", () => {
  const { requests } = asking(
    (seq) => [table(seq, "a"), acknowledgement(seq)],
    (seq) => [acknowledgement(seq, E_NOENT)],
    (seq) => [acknowledgement(seq, E_BUSY)],
    (seq) => [acknowledgement(seq, E_PERM)],
    () => [],
  );
  assert.deepEqual(names(requests.ask(QUESTION) ?? []), ["a"]);
  assert.equal(requests.ask(QUESTION), null);
  assert.equal(requests.ask(QUESTION, [E_BUSY]), null);
  assert.throws(
    () => requests.ask(QUESTION),
    (error) =>
      error instanceof FfiError && error.details.code === E_PERM && /CAP_NET_ADMIN/.test(error.details.hint ?? ""),
  );
  assert.throws(() => requests.ask(QUESTION), /did not answer/);
});

Deno.test("slices() gives a listing datagram by datagram, and says whether it was of one generation", () => {
  const run = (flags: number) => {
    const slices = asking((seq) => [table(seq, "a"), table(seq, "b"), empty(seq, flags), done(seq)]).requests
      .slices(QUESTION);
    const found: string[][] = [];
    for (let slice = slices.next();; slice = slices.next()) {
      if (slice.done) return { found, consistent: slice.value };
      found.push(names(slice.value));
    }
  };
  assert.deepEqual(run(2), { found: [["a"], ["b"], [""], []], consistent: true });
  assert.deepEqual(run(NLM_F_DUMP_INTR).consistent, false);
});

Deno.test("slices() may be left early: the rest is read away", () => {
  const { requests } = asking((seq) => [table(seq, "a"), table(seq, "b"), done(seq)]);
  for (const slice of requests.slices(QUESTION)) {
    assert.deepEqual(names(slice), ["a"]);
    break;
  }
  assert.deepEqual(names(requests.dump(QUESTION) ?? []), ["a", "b"]);
  // Not even left: forgotten.
  requests.slices(QUESTION).next();
  assert.deepEqual([...requests.slices(QUESTION)].flatMap(names), ["a", "b"]);
});

Deno.test("slices() throws an FfiError for what is no listing, and nothing comes of what is not there", () => {
  const all = (reply: (seq: number) => Reply) => [...asking(reply).requests.slices(QUESTION)].flat();
  for (const reply of [() => [], (seq: number) => [table(seq, "a")], () => ["overrun"] as Reply]) {
    assert.throws(() => all(reply), FfiError);
  }
  assert.throws(() => all((seq) => [acknowledgement(seq, E_BUSY)]), /errno 16/);
  assert.deepEqual(names(all((seq) => [acknowledgement(seq, E_NOENT)])), []);
});

Deno.test("numbers of requests go up, from one exchange to the next", () => {
  const { socket, requests } = asking((seq) => [acknowledgement(seq)]);
  requests.exchange((seq) => [0, 1, 2].map((step) => ({ type: 1, flags: 0, seq: seq + step, family: 0 })));
  requests.ask(QUESTION);
  assert.deepEqual(socket.sent.flat().map(({ seq }) => seq), [1, 2, 3, 4]);
});
