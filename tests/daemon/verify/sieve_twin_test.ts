/**
 * A hundred thousand packets, each decided with the sieve and without it: what comes out is the same, and so is what is told.
 * The packets are real ones, changed in every way that a text can be; the stanzas have every kind of key, also the same twice.
 */
import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { libcryptoEngine } from "../../../daemon/crypto/libcrypto_engine.ts";
import { notOpened, type SlowOpener } from "../../../daemon/verify/attempt.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import type { Decision, DecisionContext } from "../../../daemon/verify/decision.ts";
import { isAuthentic } from "../../../daemon/verify/findings.ts";
import { createSieve } from "../../../daemon/verify/sieve.ts";
import { DIGEST_NAMES } from "../../../lib/crypto/digest.ts";
import type { CryptoEngine } from "../../../lib/crypto/engine.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { HmacKey, RijndaelSecrets, Secrets } from "../../../lib/crypto/secrets.ts";
import { fault } from "../../../lib/faults.ts";
import { fail } from "../../../lib/result.ts";
import { addresses, datagram, decisionContext, KEYS, knock, linesOf, NOW, stanza } from "../../fakes/knock.ts";
import { slowPacket } from "../../fakes/slow_opener.ts";

const PACKETS = 100_000;
/** Every so many packets all lines are compared, not only codes and stanzas. */
const LINES_EVERY = 25;

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  };
}

const random = numbers(14);
const pick = <Value>(of: readonly Value[]): Value => of[random(of.length)]!;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const letters = (count: number) => Array.from({ length: count }, () => ALPHABET[random(64)]).join("");

/** Two keys of each digest, one longer than any block, and none. */
const HMACS: readonly (HmacKey | null)[] = [
  null,
  ...DIGEST_NAMES.flatMap((name) =>
    [random(60) + 1, 136].map((length) => ({ name, key: Uint8Array.from({ length }, () => random(256)) }))
  ),
];
const UNUSABLE: readonly HmacKey[] = [
  { name: "sha256", key: new Uint8Array(0) },
  { name: "sha512", key: new Uint8Array(137) },
];

function randomSecrets(): readonly Secrets[] {
  const hmac = random(20) === 0 ? pick(UNUSABLE) : pick(HMACS);
  const rijndael: RijndaelSecrets = { ...KEYS, hmac };
  const gpg: Secrets = { cipher: { kind: "gpg" }, hmac };
  return pick([[rijndael], [rijndael], [rijndael], [rijndael], [gpg], [rijndael, gpg]]);
}

function randomStanza(number: number): Stanza {
  return stanza({
    number,
    secrets: randomSecrets(),
    source: addresses(pick(["ANY", "ANY", "198.51.100.0/24", "ANY", "10.0.0.0/8"])),
    keyHint: random(4) === 0 ? "none" : "first",
    destination: random(16) === 0 ? addresses("10.0.0.1") : null,
    expiresAt: random(16) === 0 ? NOW - 1 : null,
    requireUsername: random(16) === 0 ? "bob" : null,
  });
}

const nothingOpens: SlowOpener = (_body, match) =>
  Promise.resolve(fail([notOpened(match, fault("decrypted-missing"))]));

/** The same stanzas without a sieve and with that of an engine: each has a memory of its own. */
function worlds(engine: CryptoEngine) {
  const stanzas = Array.from({ length: random(4) + 1 }, (_, i) => randomStanza(i + 1));
  const opening = { openSlowly: nothingOpens };
  return {
    alone: decisionContext(stanzas, { ...opening, sieve: null }),
    sifted: decisionContext(stanzas, { ...opening, sieve: createSieve(engine, stanzas, { maxAge: 120 }) }),
  };
}

function changed(wire: string): string {
  const at = random(wire.length);
  switch (random(16)) {
    case 0:
      return wire.slice(0, at) + pick([...ALPHABET]) + wire.slice(at + 1);
    case 1:
      return wire.slice(0, at) + pick([...ALPHABET]) + wire.slice(at);
    case 2:
      return wire.slice(0, at) + wire.slice(at + 1);
    case 3:
      return wire.slice(random(4) + 1);
    case 4:
      return wire.slice(0, -random(90) - 1);
    case 5:
      return wire + letters(random(300));
    case 6:
      return letters(random(3) + 1) + wire;
    case 7:
      return wire.slice(0, -1) + pick([...ALPHABET]);
    case 8:
      return pick(["U2FsdGVkX1", "hQ"]) + wire;
    case 9:
      return wire + pick(["=", "==", "\n", "\u00ff", " "]);
    case 10:
      return letters(random(1400) + 100);
    default:
      return wire;
  }
}

interface Seen {
  readonly verdict: string;
  readonly lines: readonly unknown[];
}

async function decideWhole(wire: string, context: DecisionContext, port: number): Promise<Seen> {
  let decision: Decision = await decide(datagram(wire, { sourcePort: port }), context, NOW);
  const waits: boolean[] = [];
  while (decision.kind === "pending") {
    waits.push(decision.authenticated);
    await decision.finished;
    decision = await decision.resume(context, NOW + 1);
  }
  if (decision.kind === "waiting") return assert.fail("no packet waits for its turn here");
  const { findings, notable } = decision;
  assert.equal(isAuthentic(notable), isAuthentic(findings));
  const told = findings.map(({ code, facts }) => `${code} ${"stanza" in facts ? facts.stanza : ""}`);
  const admission = decision.kind === "admit" ? [decision.admission.stanza.number, decision.admission.digests] : [];
  return {
    verdict: JSON.stringify([decision.kind, waits, admission, told, context.store.size]),
    lines: port % LINES_EVERY === 0 ? linesOf(decision) : [],
  };
}

Deno.test("with a sieve every packet has the verdict, and the lines, that it has without", async () => {
  const packets = await Promise.all(HMACS.flatMap((hmac) => [
    ...["192.0.2.10,tcp/22", "192.0.2.11,udp/53"].map((message) => knock({ message }, { ...KEYS, hmac })),
    // With hints of now, of clocks that are off, and of one that is further off than hints are looked for.
    ...[0, -100, 100, 900].map((off) => knock({}, { ...KEYS, hmac }, NOW + off)),
    slowPacket({ cipher: { kind: "gpg" }, hmac }),
  ]));
  const verdicts = new Map<string, number>();
  let both = worlds(libcryptoEngine);
  for (let i = 0; i < PACKETS; i++) {
    if (i % 100 === 0) {
      both.sifted.sieve?.wipe();
      both = worlds(i % 400 === 0 ? nobleEngine : libcryptoEngine);
    }
    const wire = changed(pick(packets));
    const expected = await decideWhole(wire, both.alone, i);
    const seen = await decideWhole(wire, both.sifted, i);
    if (seen.verdict !== expected.verdict) assert.equal(seen.verdict, expected.verdict, `packet ${i}: ${wire}`);
    assert.deepEqual(seen.lines, expected.lines, `packet ${i}: ${wire}`);
    const [kind, , , told] = JSON.parse(expected.verdict);
    const last = `${kind} ${String(told.at(-1)).replace(/ .*/, "")}`;
    verdicts.set(last, (verdicts.get(last) ?? 0) + 1);
  }
  // What was compared was not all of one kind.
  const enough = {
    "admit lets-in-another": 500,
    "refuse hmac-mismatch": 10_000,
    "refuse not-opened": 1000,
    "refuse replay": 50,
  };
  for (const [one, least] of Object.entries(enough)) {
    assert.ok((verdicts.get(one) ?? 0) >= least, `${one}: ${JSON.stringify([...verdicts])}`);
  }
});
