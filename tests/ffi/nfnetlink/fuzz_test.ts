/** Hostile bytes: what the kernel tells, mutated. Seeded, so that what fails once fails again. */
import assert from "node:assert/strict";
import { readAcknowledgement, readGeneration } from "../../../ffi/nfnetlink/answers.ts";
import { type IncomingMessage, nftType, readMessages } from "../../../ffi/nfnetlink/codec.ts";
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
import { acknowledgement, datagram, done, fakeSocket } from "./fake_socket.ts";
import { RECORDED } from "./recorded.ts";

const MESSAGES = 1_000_000;
const CORPUS: readonly Uint8Array[] = [
  ...RECORDED.map((message) => datagram(1, message)),
  acknowledgement(1, 2),
  done(1),
  datagram(1, { type: nftType(NFT_MSG.newGen), flags: 0, body: Uint8Array.of(0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 9) }),
];
/** Bytes that lengths, flags and numbers are tried with. */
const EDGES = [0, 1, 3, 4, 5, 7, 8, 12, 16, 0x3f, 0x40, 0x7f, 0x80, 0xfd, 0xfe, 0xff] as const;

/** Xorshift: the same numbers in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomNumbers>;

/** A datagram of the corpus with one to four faults in it. */
function mutant(random: Random): Uint8Array {
  const source = CORPUS[random(CORPUS.length)]!;
  let bytes = source.slice();
  for (let faults = 1 + random(4); faults > 0 && bytes.length > 0; faults--) bytes = spoil(bytes, random);
  return bytes;
}

function spoil(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length);
  switch (random(8)) {
    case 0:
      bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      bytes[at] = EDGES[random(EDGES.length)]!;
      return bytes;
    // A length or number of an attribute: they start on multiples of four.
    case 3:
      bytes[at & ~3] = EDGES[random(EDGES.length)]!;
      bytes[(at & ~3) + 1] = random(4) === 0 ? random(256) : 0;
      return bytes;
    // The kind of the message: what is right in one kind stands in the place of something else in another.
    case 4:
      bytes[4] = random(24);
      return bytes;
    // Cut off, with the length that fits.
    case 5:
      return withLength(bytes.slice(0, at));
    // A piece of another message.
    case 6: {
      const other = CORPUS[random(CORPUS.length)]!;
      const from = random(other.length);
      bytes.set(other.subarray(from, from + Math.min(1 + random(64), bytes.length - at)), at);
      return bytes;
    }
    // A piece twice, so that what follows is out of step.
    default: {
      const longer = joined(bytes.subarray(0, at + 1 + random(32)), bytes.subarray(at));
      return random(2) === 0 ? withLength(longer) : longer;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** A message whose header says how long it is. */
function withLength(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length >= 4) new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  return bytes;
}

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
