/**
 * The first knock of a daemon, and one after a rest, C and ours in the same run:
 *
 *     deno run -A bench/cold_knock.ts [--starts=5] [--rest=30] [--c=2] [--beside=DIR]        (root)
 *
 * Each daemon is started anew and knocked at as soon as it says that it is ready, once more after a pause of a fifth of a
 * second, and, having rested for so many seconds, a third time. Times are from the knock to the open port, as in
 * `knock_to_open.ts`. `--c` are the starts of the C daemon; `--beside` names another checkout, measured in turns with this.
 */
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import {
  C_DAEMON,
  type Guard,
  makeLab,
  newKeys,
  OUR_DAEMON,
  ourDaemonOf,
  type ProgramUnderTest,
  quantiles,
  startDaemon,
} from "../tests/lab/mod.ts";

const OPTIONS = ownOptions({ starts: "N", rest: "SECONDS", c: "N", beside: "DIR" }, import.meta.url);
const STARTS = Number(OPTIONS.value("starts") ?? 5);
const REST_MS = 1000 * Number(OPTIONS.value("rest") ?? 30);
const C_STARTS = Number(OPTIONS.value("c") ?? 2);
const OTHER = OPTIONS.value("beside");
const CALM_MS = 200;

/** A daemon with a packet filter, and the times of its knocks: the first, a warm one, one after a rest. */
interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
  readonly guard: Guard;
  readonly starts: number;
  readonly times: readonly [number[], number[], number[]];
}

function variant(name: string, program: ProgramUnderTest, guard: Guard): Variant {
  const starts = program === C_DAEMON ? C_STARTS : STARTS;
  return { name: `${name}, ${guard}`, program, guard, starts, times: [[], [], []] };
}

async function startOnce({ program, guard, times }: Variant, parentDir: string): Promise<void> {
  await using lab = await makeLab({ guard, extra: [], udpPorts: [62201], parentDir });
  const keys = newKeys();
  const server = { ENABLE_UDP_SERVER: "Y" };
  await using daemon = await startDaemon(lab, { program, server, access: [{ ...keys, FW_ACCESS_TIMEOUT: 3600 }] });
  // Ours opens its socket before it is ready; the C daemon says nothing more.
  if (program !== C_DAEMON) await daemon.program.waitFor(/main event loop/);
  for (const [i, pause] of [0, CALM_MS, REST_MS].entries()) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    times[i]!.push(...await timesOf({ lab, keys, program, firstPort: 20_000 + i, count: 1, pauseMs: 0 }));
  }
}

needLabAndC();
const parentDir = await diskDirectory();
const variants = [
  variant("C fwknopd", C_DAEMON, "iptables"),
  ...(["iptables", "nftables"] as const).flatMap((guard) => [
    variant("ours", OUR_DAEMON, guard),
    ...OTHER === null ? [] : [variant("beside", ourDaemonOf(OTHER), guard)],
  ]),
];
for (let start = 0; start < Math.max(STARTS, C_STARTS); start++) {
  for (const one of variants) if (start < one.starts) await startOnce(one, parentDir);
}
console.log(`${"".padEnd(24)}   first    warm  rested  medians in milliseconds, then the least of each`);
for (const { name, starts, times } of variants) {
  const medians = times.map((of) => quantiles(of).median), least = times.map((of) => Math.min(...of));
  console.log(
    `${name.padEnd(24)}${medians.map(formatTime).join("")}   ${least.map(formatTime).join("")}  (${starts} starts)`,
  );
}
Deno.exit(0);
