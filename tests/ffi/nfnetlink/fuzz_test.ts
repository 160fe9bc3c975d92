/** Hostile bytes: what the kernel tells, mutated. Seeded, so that what fails once fails again. */
import assert from "node:assert/strict";
import { readAcknowledgement, readGeneration } from "../../../ffi/nfnetlink/answers.ts";
import { type IncomingMessage, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { readChange } from "../../../ffi/nfnetlink/events.ts";
import {
  readChain,
  readElements,
  readRule,
  readRuleHandle,
  readSet,
  readTable,
} from "../../../ffi/nfnetlink/read_ruleset.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import { done, fakeSocket } from "./fake_socket.ts";
import { randomNumbers } from "../../fakes/random.ts";
import { mutant } from "./mutants.ts";

const MESSAGES = 1_000_000;

/** Everything that is read of a message, and how much it comes to. */
function readAll(message: IncomingMessage, seen: Map<string, number>): number {
  const count = (what: string, things = 1) => seen.set(what, (seen.get(what) ?? 0) + things);
  let size = 0;
  const table = readTable(message);
  const chain = readChain(message);
  const set = readSet(message);
  if (table !== null) size += table.table.length;
  if (chain !== null) size += chain.chain.length + (chain.base?.devices.length ?? 0);
  if (set !== null) size += set.set.length;
  for (const { kind } of readRule(message)?.expressions ?? []) {
    count(kind);
    size++;
  }
  const elements = readElements(message);
  size += elements.length;
  for (const thing of [table, chain, set, readRuleHandle(message), readAcknowledgement(message)]) {
    if (thing !== null) count("other than rules");
  }
  readGeneration(message);
  const change = readChange(message);
  if (change !== null) {
    size += change.expressions().length + change.table.length + change.chain.length + change.set.length;
    change.tableInfo();
    change.chainInfo();
  }
  return size;
}

Deno.test(`no reader throws, or makes much of little, over ${MESSAGES} mutated messages`, () => {
  const random = randomNumbers(0x5eed);
  const seen = new Map<string, number>();
  let read = 0;
  for (let index = 0; index < MESSAGES; index++) {
    const bytes = mutant(random);
    const messages = readMessages(bytes);
    let size = 0;
    for (const message of messages) size += readAll(message, seen);
    read += messages.length;
    // Four bytes are the least that an attribute has, and each is read a few times.
    assert.ok(size <= 4 * bytes.length, `${size} things in ${bytes.toHex()}`);
  }
  // The mutants are not so broken that nothing is looked at.
  assert.ok(read > MESSAGES / 2, `${read} messages were read`);
  for (const kind of ["payload", "compare", "lookup", "verdict", "load", "nat", "xt match", "xt target", "other"]) {
    assert.ok((seen.get(kind) ?? 0) > 1000, `${seen.get(kind)} expressions of the kind ${kind}`);
  }
  assert.ok((seen.get("other than rules") ?? 0) > 10_000);
});

Deno.test("mutated answers to requests end in an answer or an FfiError", () => {
  const random = randomNumbers(0xfade);
  const question = { message: NFT_MSG.getRule, family: 1, attributes: [] };
  const outcomes = { answered: 0, failed: 0 };
  const attempt = (run: () => unknown) => {
    try {
      run();
      outcomes.answered++;
    } catch (error) {
      assert.ok(error instanceof FfiError, String(error));
      outcomes.failed++;
    }
  };
  for (let index = 0; index < 10_000; index++) {
    // The number of the request in most, so that they are looked at.
    const answer = () => {
      const bytes = mutant(random);
      if (bytes.length >= 12 && random(8) > 0) new DataView(bytes.buffer).setUint32(8, 1, true);
      return bytes;
    };
    const kernel = () => [answer(), answer(), ...random(4) === 0 ? [] : [done(1)]];
    attempt(() => requestsOn(fakeSocket(kernel)).dump(question));
    attempt(() => [...requestsOn(fakeSocket(kernel)).slices(question)].length);
    attempt(() => requestsOn(fakeSocket(kernel)).ask(question));
  }
  assert.ok(outcomes.answered > 1000 && outcomes.failed > 1000, JSON.stringify(outcomes));
});
