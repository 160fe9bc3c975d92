/**
 * The C daemon and ours with the same configuration and the same packets: they say the same of each packet, and ask the
 * packet filter for the same rules, but for the differences that docs/COMPATIBILITY.md has.
 */
import assert from "node:assert/strict";
import { C_PROGRAMS, cPcapBlocker, labTest, makeLab } from "../../lab/mod.ts";
import { type Batch, type Both, type Files, type Granted, grantsOf, logsInTestMode, writeCapture } from "./batch.ts";
import { type Difference, differencesOf, formatDifference } from "./compare.ts";
import { batchesOf } from "./generate.ts";
import { DOCUMENTED, judge } from "./known.ts";

/** Another one finds other combinations: `FWKNOP_SEED=7 deno test …`. */
const SEED = Number(Deno.env.get("FWKNOP_SEED") ?? 0x2611);
/** Rows of the table that test mode cannot show: there are no rules, and nothing is remembered. */
const NOT_IN_TEST_MODE = new Set([
  "MAX_FW_TIMEOUT binds FW_ACCESS_TIMEOUT",
  "replays are refused without DIGEST_PERSISTENCE too",
  "FORWARD rules name the inside host",
  "nothing is sent on to 0.0.0.0",
  "source addresses are rewritten without ENABLE_IPT_SNAT where the stanza says so",
  "every requested port leads to the target",
  "a command cycle runs for every requested port",
  "MAX_FW_TIMEOUT binds command cycles",
  "local NAT leads to a port",
]);
/** Rows that only test mode shows. */
const ONLY_IN_TEST_MODE = new Set(["test mode refuses what could not be opened"]);

const NEEDS = { needs: C_PROGRAMS, blocker: cPcapBlocker };

type Run = (batch: Batch, files: Files) => Promise<Both<Granted>>;

/** Compares all configurations. Returns the rows of the table of known differences that happened. */
async function compareAll(dir: string, run: Run): Promise<ReadonlySet<string>> {
  // A short name: a long command makes a packet that is taken for another kind.
  const touched = await Deno.makeTempDir({ prefix: "d-" });
  const differences: Difference[] = [];
  try {
    for (const batch of batchesOf(SEED, touched)) {
      const files = await writeCapture(dir, batch);
      differences.push(...differencesOf(batch, await run(batch, files)));
    }
  } finally {
    await Deno.remove(touched, { recursive: true });
  }
  const { unknown, met } = judge(differences);
  assert.deepEqual(unknown.map(formatDifference), [], `seed ${SEED}`);
  return met;
}

labTest(`the C daemon and ours say the same of each packet in test mode (seed ${SEED})`, async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const met = await compareAll(lab.dir, (batch, files) => logsInTestMode(lab, batch, files));
  const expected = [...DOCUMENTED.keys()].filter((name) => !NOT_IN_TEST_MODE.has(name));
  assert.deepEqual([...met].sort(), expected.sort(), "every row of the table happens");
}, NEEDS);

labTest(`the C daemon and ours ask for the same rules (seed ${SEED})`, async () => {
  await using c = await makeLab({ guard: "iptables", extra: [] });
  await using ours = await makeLab({ guard: "iptables", extra: [] });
  const met = await compareAll(c.dir, (batch, files) => grantsOf({ c, ours }, batch, files));
  const expected = [...DOCUMENTED.keys()].filter((name) => !ONLY_IN_TEST_MODE.has(name));
  assert.deepEqual([...met].sort(), expected.sort(), "every row of the table happens");
}, NEEDS);

Deno.test("every difference that the table knows stands in docs/COMPATIBILITY.md", async () => {
  const document = await Deno.readTextFile(new URL("../../../docs/COMPATIBILITY.md", import.meta.url));
  const words = document.replaceAll(/\s+/g, " ");
  for (const [name, sentence] of DOCUMENTED) assert.ok(words.includes(sentence), `${name}: "${sentence}"`);
});

Deno.test("there are enough configurations, and each place is used once", () => {
  const configurations = batchesOf(SEED, "/nowhere").flatMap((batch) => batch.configurations);
  assert.ok(configurations.length >= 300);
  assert.equal(new Set(configurations.map(({ place }) => place.network)).size, configurations.length);
});
