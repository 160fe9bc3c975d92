/**
 * The daemon beside rules of others and beside somebody who keeps changing them; ours and the C daemon in the same run, in
 * turns.
 *
 *     deno run -A bench/beside_others.ts [--quick] [--sizes=0,1000,5000,30000] [--rates=0,4,10] [--ours=150] [--c=30]
 *         [--beside=DIR] [--only=NAME] [--storm]        (root)
 *
 * Method. Knocks are measured as in knock_to_open.ts (libpcap, replay file on a disk). The others have that many rules
 * `ip saddr ADDRESS drop`, all of them on the way of the packet: in a table of their own, whose chain is on the same hook and
 * comes first, or in the guard's own table, in a chain that it jumps to. Another process changes them: rules and elements of a
 * set come and go, so many a second. CPU of the daemon for each change is what it used in some seconds of 10 changes a second
 * without a knock, less what it used in as much time without a change. Start is the time until the daemon is ready; memory is
 * what it had at most.
 *
 * `--storm` measures something else: 10,000 changes within twenty seconds, beside 5,000 rules, with a knock each 100 ms.
 * `--beside` names another checkout of this project, whose daemon is measured in the same run.
 */
import { type Changed, endChanges, startChanges } from "./foreign_changes.ts";
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { cpuMilliseconds, megabytes } from "./process_cost.ts";
import {
  C_DAEMON,
  type Lab,
  makeLab,
  newKeys,
  OUR_DAEMON,
  ourDaemonOf,
  type ProgramUnderTest,
  type Quantiles,
  quantiles,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";
import { apply, nft, restore } from "../tests/lab/foreign/steps.ts";

interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
  readonly guard: "nftables" | "iptables";
}

/** What the others have, and where. */
interface Others {
  readonly rules: number;
  readonly where: "own table" | "same table";
}

/** What one daemon was like beside them. */
interface Row {
  readonly variant: Variant;
  readonly others: Others;
  /** By changes a second. */
  readonly knocks: ReadonlyMap<number, Quantiles & { readonly lost: number }>;
  readonly cpuPerChange: number;
  readonly startSeconds: number;
  readonly megabytes: number;
}

/** A daemon that runs beside others. */
interface Running {
  readonly lab: Lab;
  readonly keys: SharedKeys;
  readonly pid: number;
  readonly program: ProgramUnderTest;
  readonly changed: Changed;
}

const OPTIONS = ownOptions(
  { quick: null, storm: null, sizes: "N,...", rates: "N,...", ours: "N", c: "N", beside: "DIR", only: "NAME" },
  import.meta.url,
);
const QUICK = OPTIONS.has("quick");
const WARM_UP = 10;
const CPU_SECONDS = QUICK ? 2 : 5;
const CPU_RATE = 10;
const STORM = { changes: 10_000, aSecond: 500, knocks: 200, rules: 5000, limitMs: 200 } as const;

function numbersOf(name: "sizes" | "rates", otherwise: readonly number[]): readonly number[] {
  return OPTIONS.value(name)?.split(",").map(Number) ?? otherwise;
}

const SIZES = numbersOf("sizes", QUICK ? [0, 5000] : [0, 1000, 5000, 30_000]);
const RATES = numbersOf("rates", QUICK ? [0, 4] : [0, 4, 10]);

function variants(): readonly Variant[] {
  const beside = OPTIONS.value("beside");
  const all: Variant[] = [
    { name: "ours, nftables", program: OUR_DAEMON, guard: "nftables" },
    { name: "ours, iptables", program: OUR_DAEMON, guard: "iptables" },
    { name: "C, iptables", program: C_DAEMON, guard: "iptables" },
    ...(beside === null
      ? []
      : [{ name: "beside, nftables", program: ourDaemonOf(beside), guard: "nftables" } as const]),
  ];
  return all.filter(({ name }) => name.includes(OPTIONS.value("only") ?? ""));
}

/** The rules of others on the server; returns what may be changed of them. */
async function loadOthers(lab: Lab, { guard }: Variant, { rules, where }: Others): Promise<Changed> {
  const addresses = Array.from({ length: rules }, (_, i) => `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`);
  if (guard === "iptables" && where === "same table") {
    const lines = addresses.map((address) => `-A OTHERS -s ${address}/32 -j DROP`);
    await apply(lab, [restore(["*filter", ":OTHERS - [0:0]", "-A INPUT -j OTHERS", ...lines, "COMMIT"])]);
    return { family: "ip", table: "filter", chain: "OTHERS", set: null };
  }
  const table = where === "same table" ? "guard" : "others";
  const base = where === "same table" ? "" : "type filter hook input priority -10;";
  const lines = addresses.map((address) => `ip saddr ${address} drop`);
  await apply(lab, [
    nft(`table inet ${table} {
      set changing { type ipv4_addr; }
      chain others {
        ${base}
        ip saddr @changing drop
        ${lines.join("\n")}
      }
    }
    ${where === "same table" ? "add rule inet guard input jump others" : ""}`),
  ]);
  return { family: "inet", table, chain: "others", set: "changing" };
}

/** Runs `work` while the others change that much; returns its result and the number of changes. */
async function during<T>(running: Running, aSecond: number, work: () => Promise<T>): Promise<[T, number]> {
  if (aSecond === 0) return [await work(), 0];
  const changing = await startChanges(running.lab, running.changed, aSecond);
  const result = await work();
  return [result, await endChanges(changing)];
}

/** Milliseconds of CPU for each change of others. */
async function cpuPerChange(running: Running): Promise<number> {
  const used = async (aSecond: number): Promise<[number, number]> =>
    await during(running, aSecond, async () => {
      const before = cpuMilliseconds(running.pid);
      await new Promise((resolve) => setTimeout(resolve, CPU_SECONDS * 1000));
      return cpuMilliseconds(running.pid) - before;
    });
  const [[idle], [busy, changes]] = [await used(0), await used(CPU_RATE)];
  return (busy - idle) / changes;
}

/** Starts a variant's daemon beside others, and lets `work` measure it. */
async function beside<T>(
  variant: Variant,
  others: Others,
  work: (running: Running, startSeconds: number) => Promise<T>,
): Promise<T> {
  await using lab = await makeLab({ guard: variant.guard, extra: [], parentDir: DISK });
  const changed = await loadOthers(lab, variant, others);
  const keys = newKeys();
  const begin = performance.now();
  const { program } = variant;
  const daemon = await startDaemon(lab, { program, access: [{ ...keys, FW_ACCESS_TIMEOUT: 3600 }] });
  const startSeconds = (performance.now() - begin) / 1000;
  return await work({ lab, keys, pid: daemon.program.pid, program, changed }, startSeconds);
}

async function measure(variant: Variant, others: Others): Promise<Row> {
  return await beside(variant, others, async (running, startSeconds) => {
    const { name } = variant.program;
    const count = Number(OPTIONS.value(name === "c" ? name : "ours") ?? (name === "c" ? 30 : 150) / (QUICK ? 3 : 1));
    const knocks = new Map<number, Quantiles & { readonly lost: number }>();
    let firstPort = 20_000;
    await timesOf({ ...running, firstPort, count: WARM_UP });
    for (const rate of RATES) {
      firstPort += 1000;
      const [times] = await during(running, rate, () => timesOf({ ...running, firstPort, count, pauseMs: 120 }));
      knocks.set(rate, { ...quantiles(times), lost: times.filter((time) => time === Infinity).length });
    }
    return {
      variant,
      others,
      knocks,
      cpuPerChange: await cpuPerChange(running),
      startSeconds,
      megabytes: megabytes(running.pid).most,
    };
  });
}

/** One line for each number of changes a second; `quiet`: the same daemon beside nothing. */
function print({ variant, others, ...row }: Row, quiet: Row): void {
  const still = quiet.knocks.get(0);
  for (const [rate, { median, p99, lost }] of row.knocks) {
    const first = rate === RATES[0];
    const cells = [
      (first ? variant.name : "").padEnd(17),
      first ? `${others.rules}`.padStart(6) : "".padStart(6),
      (first && others.rules > 0 ? others.where : "").padEnd(11),
      `${rate}`.padStart(4),
      `${formatTime(median)}${formatTime(p99)}`,
      still === undefined ? "".padStart(7) : `x ${(p99 / still.p99).toFixed(1)}`.padStart(7),
      first ? row.cpuPerChange.toFixed(2).padStart(8) : "".padStart(8),
      first ? row.startSeconds.toFixed(2).padStart(7) : "".padStart(7),
      first ? `${row.megabytes.toFixed(0)} (${signed(row.megabytes - quiet.megabytes)})`.padStart(11) : "",
    ];
    console.log(`${cells.join(" ")}${lost === 0 ? "" : `  ${lost} never opened`}`.trimEnd());
  }
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(0)}`;
}

async function compare(): Promise<void> {
  console.log("daemon             rules where    /s     median     p99 p99/quiet  CPU ms   start          MB");
  const quiet = new Map<string, Row>();
  const places = SIZES.flatMap((rules): Others[] =>
    rules === 0 ? [{ rules, where: "own table" }] : [{ rules, where: "own table" }, { rules, where: "same table" }]
  );
  for (const others of places) {
    for (const variant of variants()) {
      const row = await measure(variant, others);
      if (!quiet.has(variant.name)) quiet.set(variant.name, row);
      print(row, quiet.get(variant.name)!);
    }
  }
}

async function storm(): Promise<void> {
  console.log(`${STORM.changes} changes, ${STORM.aSecond} a second, beside ${STORM.rules} rules; a knock each 100 ms`);
  for (const variant of variants()) {
    const [times, changes] = await beside(variant, { rules: STORM.rules, where: "own table" }, async (running) => {
      await timesOf({ ...running, firstPort: 20_000, count: WARM_UP });
      const series = {
        ...running,
        firstPort: 21_000,
        count: STORM.knocks,
        everyMs: STORM.changes / STORM.knocks / STORM.aSecond * 1000,
      };
      return await during(running, STORM.aSecond, () => timesOf(series));
    });
    const { median, p99 } = quantiles(times);
    const late = times.filter((time) => time > STORM.limitMs).length;
    const most = Math.max(...times);
    console.log(
      `${variant.name.padEnd(17)} ${changes} changes, ${times.length} knocks: median ${formatTime(median)}, p99 ` +
        `${formatTime(p99)}, most ${formatTime(most)} ms; ${late} later than ${STORM.limitMs} ms`,
    );
  }
}

needLabAndC();
const DISK = await diskDirectory();
await (OPTIONS.has("storm") ? storm() : compare());
Deno.exit(0);
