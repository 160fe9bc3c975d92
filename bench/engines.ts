/**
 * Both crypto engines on one packet: `deno run -A bench/engines.ts`. The question it answers: which engine for the daemon,
 * which opens packets one after another and tries many keys, and which for the client, which seals one packet in its life.
 */
import type { CryptoEngine } from "../lib/crypto/engine.ts";
import { nobleEngine } from "../lib/crypto/noble_engine.ts";
import { webEngine } from "../lib/crypto/web_engine.ts";
import { open } from "../lib/spa/open.ts";
import { sealFields } from "../lib/spa/seal.ts";
import { ownOptions } from "./options.ts";
import { spaVector } from "../tests/vectors/vectors.ts";
import type { RijndaelSecrets } from "../lib/crypto/secrets.ts";

ownOptions({}, import.meta.url);
const ROUNDS = 2000;
const { packet, keys, salt } = spaVector("access_hmac_sha256");
const wrongKeys: RijndaelSecrets = { ...keys, hmac: { name: "sha256", key: new Uint8Array(32).fill(1) } };

/** Median of microseconds for one call, after as many calls to warm up. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS * 2; i++) {
    const start = performance.now();
    await work();
    if (i >= ROUNDS) times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2] ?? NaN;
}

async function measure(engine: CryptoEngine): Promise<Record<string, number>> {
  const opened = await open(engine, packet, keys);
  if (!opened.ok) throw new Error(`Cannot open the vector: fault ${opened.fault.number}`);
  return {
    "open, right key": await median(() => open(engine, packet, keys)),
    "open, wrong HMAC key": await median(() => open(engine, packet, wrongKeys)),
    "seal": await median(() => sealFields(engine, opened.value, "sha256", { secrets: keys, salt })),
  };
}

const [noble, web] = [await measure(nobleEngine), await measure(webEngine)];
console.log("CBC, SHA256, HMAC-SHA256; microseconds, median of 2000");
for (const [what, time] of Object.entries(noble)) {
  const other = web[what] ?? NaN;
  const columns = [what.padEnd(22), `noble ${time.toFixed(1)}`.padEnd(14), `web ${other.toFixed(1)}`.padEnd(14)];
  console.log(`${columns.join("")}ratio ${(other / time).toFixed(1)}`);
}
