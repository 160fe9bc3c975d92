/**
 * The daemon's start beside a large replay file: the C fwknopd and ours in the same run, time until the loop begins and the
 * most memory that was used until then. Both run in test mode as UDP servers, ours from source or where `FWKNOPD` points.
 *
 *     deno run -A bench/replay_start.ts [--entries=1000000] [--rounds=3]        (root)
 */
import { ownOptions } from "./options.ts";
import { megabytes } from "./process_cost.ts";
import {
  C_DAEMON,
  labBlocker,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  startDaemon,
} from "../tests/lab/mod.ts";

const CASES = ["no entries", "all old", "all recent"] as const;
type Case = (typeof CASES)[number];

/** The file as both programs write it; `seenAt` Unix seconds. */
function cacheText(entries: number, seenAt: number): string {
  const lines = ["# <digest> <proto> <src_ip> <src_port> <dst_ip> <dst_port> <time>\n"];
  const digest = new Uint8Array(32);
  for (let entry = 0; entry < entries; entry++) {
    new DataView(digest.buffer).setUint32(0, entry);
    const text = btoa(String.fromCharCode(...digest)).replace("=", "");
    lines.push(`${text} 17 192.0.2.1 40000 192.0.2.2 62201 ${seenAt}\n`);
  }
  return lines.join("");
}

async function measure(program: ProgramUnderTest, which: Case, entries: number) {
  await using lab = await makeLab({ extra: [], udpPorts: [62201] });
  const dir = `${lab.dir}/${program.name}`;
  await Deno.mkdir(`${dir}/run`, { recursive: true, mode: 0o700 });
  const now = Math.floor(Date.now() / 1000);
  const text = cacheText(which === "no entries" ? 0 : entries, which === "all old" ? now - 86_400 : now);
  await Deno.writeTextFile(`${dir}/run/digest.cache`, text, { mode: 0o600 });
  const before = performance.now();
  const server = { ENABLE_UDP_SERVER: "Y" };
  await using daemon = await startDaemon(lab, { program, server, access: [{ ...newKeys() }], args: ["--test"] });
  const seconds = (performance.now() - before) / 1000;
  return { seconds, megabytes: megabytes(daemon.program.pid).most };
}

const OPTIONS = ownOptions({ entries: "N", rounds: "N" }, import.meta.url);

function numberOf(name: "entries" | "rounds", fallback: number): number {
  const given = OPTIONS.value(name);
  return given === null ? fallback : Number(given);
}

const blocker = labBlocker();
if (blocker !== null) throw new Error(blocker);
const [entries, rounds] = [numberOf("entries", 1_000_000), numberOf("rounds", 3)];
console.log(`${entries} entries, medians of ${rounds}`.padEnd(36), "ours              C                 ours / C");
for (const which of CASES) {
  const medians = [];
  for (const program of [OUR_DAEMON, C_DAEMON]) {
    const runs = [];
    for (let round = 0; round < rounds; round++) runs.push(await measure(program, which, entries));
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
    medians.push({ s: median(runs.map((run) => run.seconds)), mb: median(runs.map((run) => run.megabytes)) });
  }
  const cells = medians.map(({ s, mb }) => `${s.toFixed(2)} s, ${mb.toFixed(0)} MB`.padEnd(17));
  const [ours, c] = medians;
  console.log(which.padEnd(36), ...cells, `x ${((ours?.s ?? NaN) / (c?.s ?? NaN)).toFixed(1)}`);
}
