/**
 * What a packet by no key of ours costs: `deno run -A bench/sieve.ts [--packets=N]`. First one key of each digest, with both
 * synchronous engines; then whole decisions with 1, 1,000 and 5,000 stanzas, without a sieve and with that of each engine;
 * last what a hint in the salt costs that names a user, one that names nobody, and the tables of all slots of the age window.
 * Packets are of the stock client's shape, by a key that nobody has. The figures of a busy machine say little: the smallest of
 * several rounds is told, and the ratios.
 */
import { libcryptoEngine } from "../daemon/crypto/libcrypto_engine.ts";
import { decide } from "../daemon/verify/decide.ts";
import { createSieve } from "../daemon/verify/sieve.ts";
import { DIGEST_NAMES, DIGESTS } from "../lib/crypto/digest.ts";
import type { CryptoEngine, DigestName } from "../lib/crypto/engine.ts";
import { nobleEngine } from "../lib/crypto/noble_engine.ts";
import { TRIED } from "../daemon/verify/stanza_index.ts";
import { datagram, decisionContext, KEYS, knock, NOW, stanza } from "../tests/fakes/knock.ts";
import { ownOptions } from "./options.ts";

const options = ownOptions({ packets: "N" }, import.meta.url);
const PACKETS = Number(options.value("packets") ?? 200);
const ROUNDS = 7;
const ENGINES: readonly [string, CryptoEngine][] = [["libcrypto", libcryptoEngine], ["noble", nobleEngine]];

const randomKey = () => crypto.getRandomValues(new Uint8Array(64));

/** Microseconds of one of `count` calls, in the fastest round. */
async function fastest(count: number, work: (i: number) => unknown): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) await work(i);
    best = Math.min(best, (performance.now() - start) * 1000 / count);
  }
  return best;
}

async function costOfKey(engine: CryptoEngine, name: DigestName): Promise<number> {
  const keys = Array.from({ length: 1000 }, randomKey);
  const ring = engine.keyRing!(name, keys);
  ring.take(new Uint8Array(230), new Uint8Array(DIGESTS[name].bytes));
  const pass = await fastest(10, () => {
    for (let key = 0; key < keys.length; key++) ring.fits(key);
  });
  ring.wipe();
  return pass / keys.length;
}

async function costOfPacket(engine: CryptoEngine | null, name: DigestName, count: number): Promise<number> {
  const stanzas = Array.from(
    { length: count },
    (_, i) => stanza({ number: i + 1, secrets: [{ ...KEYS, hmac: { name, key: randomKey() } }] }),
  );
  const sieve = engine === null ? null : createSieve(engine, stanzas, { maxAge: 120 });
  const context = decisionContext(stanzas, { engine: engine ?? nobleEngine, sieve });
  const junk = { ...KEYS, hmac: { name, key: randomKey() } };
  const packets = await Promise.all(Array.from({ length: 50 }, async () => datagram(await knock({}, junk))));
  const calls = engine === null && count > 1 ? Math.max(2, Math.ceil(PACKETS / count)) : PACKETS;
  const cost = await fastest(calls, (i) => decide(packets[i % packets.length]!, context, NOW));
  sieve?.wipe();
  return cost;
}

console.log("One key, 230 bytes, microseconds");
for (const name of DIGEST_NAMES) {
  const columns: string[] = [];
  for (const [engineName, engine] of ENGINES) {
    columns.push(`${engineName} ${(await costOfKey(engine, name)).toFixed(2)}`.padEnd(18));
  }
  console.log(`  ${name.padEnd(10)}${columns.join("")}`);
}
console.log("One packet by no key of ours, microseconds");
for (const name of ["sha256", "sha512"] as const) {
  for (const count of [1, 1000, 5000]) {
    const alone = await costOfPacket(null, name, count);
    const columns = [`without ${alone.toFixed(1)}`.padEnd(20)];
    for (const [engineName, engine] of ENGINES) {
      const cost = await costOfPacket(engine, name, count);
      columns.push(`${engineName} ${cost.toFixed(1)} (1/${(alone / cost).toFixed(1)})`.padEnd(26));
    }
    console.log(`  ${name}, ${String(count).padStart(4)} stanzas  ${columns.join("")}`);
  }
}

/** Microseconds of a hint that names a user, of one that names nobody, and milliseconds of the first packet, which makes the tables. */
async function costOfHint(engine: CryptoEngine, count: number): Promise<readonly [number, number, number]> {
  const secrets = Array.from(
    { length: count },
    () => ({ ...KEYS, hmac: { name: "sha256" as const, key: randomKey() } }),
  );
  const sieve = createSieve(engine, secrets.map((each, i) => stanza({ number: i + 1, secrets: [each] })), {
    maxAge: 120,
  })!;
  const turns = new Uint8Array(count);
  const named = await knock({}, secrets[count >> 1], NOW);
  const unnamed = await knock({}, { ...KEYS, hmac: { name: "sha256", key: randomKey() } }, NOW);
  const start = performance.now();
  while (sieve.hinted(named, turns.fill(TRIED), NOW) === "unknown");
  sieve.hinted(unnamed, turns.fill(TRIED), NOW);
  const tables = performance.now() - start;
  const hit = await fastest(PACKETS, () => sieve.hinted(named, turns, NOW));
  const miss = await fastest(PACKETS, () => sieve.hinted(unnamed, turns, NOW));
  sieve.wipe();
  return [hit, miss, tables];
}

console.log("Hints with libcrypto, before anything is decrypted");
for (const count of [1, 1000, 5000, 100_000]) {
  const [hit, miss, tables] = await costOfHint(libcryptoEngine, count);
  const columns = [
    `names a user ${hit.toFixed(1)} us`,
    `nobody ${miss.toFixed(1)} us`,
    `the tables once ${tables.toFixed(1)} ms`,
  ];
  console.log(`  ${String(count).padStart(6)} stanzas  ${columns.map((text) => text.padEnd(26)).join("")}`);
}
