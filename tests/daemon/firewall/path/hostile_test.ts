/** Whatever the kernel tells: nothing of it ends a survey, an event or a judgement in more than a `FirewallError`. */
import assert from "node:assert/strict";
import { type Access, FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { createPathWatch, type PathParts } from "../../../../daemon/firewall/path/path_watch.ts";
import type { PathWatch } from "../../../../daemon/firewall/path/watch.ts";
import { type IncomingMessage, readMessages } from "../../../../ffi/nfnetlink/codec.ts";
import { readChange } from "../../../../ffi/nfnetlink/events.ts";
import type { Nfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import { readChain, readElements, readRule, readSet, readTable } from "../../../../ffi/nfnetlink/read_ruleset.ts";
import { parseIp } from "../../../../lib/net/address.ts";
import { type Random, randomNumbers } from "../../../fakes/random.ts";
import { CORPUS, mutant } from "../../../ffi/nfnetlink/mutants.ts";

const ROUNDS = 60;

function ip(text: string) {
  const parsed = parseIp(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const ACCESSES: readonly Access[] = [
  { slot: "input", source: ip("192.0.2.9"), destination: null, service: { proto: "tcp", port: 22 } },
  { slot: "input", source: ip("fd00::1"), destination: ip("fd00::2"), service: { proto: "udp", port: 53 } },
  { slot: "forward", source: ip("10.0.0.5"), target: null, service: null },
  {
    slot: "dnat",
    source: ip("10.0.0.5"),
    destination: null,
    service: { proto: "tcp", port: 80 },
    to: ip("10.0.0.1"),
    toPort: 8080,
  },
];

/** All that the kernel told once, every third message with faults in it. */
function hostileMessages(random: Random): readonly IncomingMessage[] {
  return CORPUS.flatMap((bytes) => readMessages(random(3) === 0 ? mutant(random, bytes) : bytes));
}

/** A kernel that says something else each time it is asked. */
function hostileNetlink(random: Random): Nfnetlink {
  const told = <Thing>(read: (message: IncomingMessage) => Thing | null) =>
    hostileMessages(random).map(read).filter((thing) => thing !== null);
  const rules = told((message) => readRule(message));
  const elements = () => hostileMessages(random).flatMap(readElements);
  const of = (chain: string) => random(4) === 0 ? rules : rules.filter((rule) => rule.chain === chain);
  return {
    portId: 1,
    generation: () => random(9),
    transact: () => assert.fail("the view only reads"),
    transactInVain: () => assert.fail("the view only reads"),
    tables: () => told(readTable),
    chains: () => told(readChain),
    sets: () => told(readSet),
    set: ({ set }) => told(readSet).find((one) => one.set === set) ?? null,
    rules: ({ chain }) => of(chain),
    *readRules({ chain }) {
      yield of(chain);
      return random(3) > 0;
    },
    rule: () => rules[random(rules.length)] ?? null,
    elements: () => elements().slice(0, 20),
    element: () => elements()[random(20)] ?? null,
    [Symbol.dispose]() {},
  };
}

function partsOf(netlink: Nfnetlink): PathParts {
  return {
    netlink: () => netlink,
    legacy: () => Promise.resolve(new Map()),
    arrival: () => ({ only: "eth0", never: [] }),
    route: () => null,
    isOurs: (chain) => chain.startsWith("fwknop_"),
    pause: () => Promise.resolve(),
    close() {},
  };
}

/** Surveys, hears and judges; returns how many obstructions that came to. */
async function live(watch: PathWatch, random: Random): Promise<number> {
  const judgeAll = () => ACCESSES.reduce((sum, access) => sum + watch.judge(access).length, 0);
  let obstructions = 0;
  await watch.survey();
  for (const message of hostileMessages(random)) {
    const change = readChange(message);
    if (change !== null) watch.hear(change);
    if (random(20) === 0) obstructions += judgeAll();
  }
  if (random(5) === 0) watch.hear("lost");
  await watch.survey();
  return obstructions + judgeAll();
}

Deno.test("a hostile ruleset ends no survey, no event and no judgement", async () => {
  const random = randomNumbers(0xf00d);
  let obstructions = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    using watch = createPathWatch(partsOf(hostileNetlink(random)));
    try {
      obstructions += await live(watch, random);
    } catch (error) {
      if (!(error instanceof FirewallError)) throw error;
      refused++;
    }
  }
  // Most of it is looked at, and judged by.
  assert.ok(refused < ROUNDS / 2 && obstructions > ROUNDS, `${refused} refused, ${obstructions} obstructions`);
});
