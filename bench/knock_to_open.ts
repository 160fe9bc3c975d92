/**
 * Knock to open: the C fwknopd and ours in the same run, in both capture modes.
 *
 *     deno run -A bench/knock_to_open.ts [--ours=250] [--c=40] [--beside=DIR]        (root)
 *
 * Method. Knocker and server are network namespaces joined by veth pairs and a bridge. Packets are sealed beforehand. One
 * process owns both ends: it hands the knock to the kernel, then sends datagrams to the guarded UDP port, some 20,000 a
 * second, until one of them comes out behind the packet filter (`tests/lab/measure.ts`). Everything between is
 * counted, nothing is subtracted. Each knock asks for a port of its own, pauses of random length lie between, and the replay
 * file is on a disk. The first few knocks warm up and are not counted.
 *
 * `--beside` names another checkout of this project, such as the version before: its daemon is measured in the same run, in
 * turns with this one, so that what else the machine does hits both.
 */
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import {
  C_DAEMON,
  type Directives,
  type Guard,
  makeLab,
  newKeys,
  OUR_DAEMON,
  ourDaemonOf,
  type ProgramUnderTest,
  type Quantiles,
  quantiles,
  startDaemon,
} from "../tests/lab/mod.ts";

interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
  readonly capture: "pcap" | "udp";
  readonly guard: Guard;
}

interface Row extends Quantiles {
  readonly variant: Variant;
  readonly count: number;
  readonly lost: number;
}

const WARM_UP = 10;
const OPTIONS = ownOptions({ ours: "N", c: "N", beside: "DIR" }, import.meta.url);
const OTHER = OPTIONS.value("beside");
const TURNS = OTHER === null ? 1 : 5;

/** Milliseconds of each knock; Infinity for one that did not open. */
async function measure({ program, capture, guard }: Variant, count: number, parentDir: string): Promise<number[]> {
  const udpPorts = capture === "udp" ? [62201] : [];
  await using lab = await makeLab({ guard, extra: [], udpPorts, parentDir });
  const keys = newKeys();
  const server: Directives = { ENABLE_UDP_SERVER: capture === "udp" ? "Y" : "N" };
  await startDaemon(lab, { program, server, access: [{ ...keys, FW_ACCESS_TIMEOUT: 3600 }] });
  const times = await timesOf({ lab, keys, program, firstPort: 20_000, count: WARM_UP + count });
  return times.slice(WARM_UP);
}

/** All variants of one capture mode in turns. */
async function measureInTurns(variants: readonly Variant[], parentDir: string): Promise<Row[]> {
  const times = variants.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    const there = [...variants.entries()];
    for (const [index, variant] of turn % 2 === 0 ? there : there.toReversed()) {
      const count = Number(
        OPTIONS.value(variant.program.name === "c" ? "c" : "ours") ?? (variant.program.name === "c" ? 40 : 250),
      );
      times[index]!.push(...await measure(variant, Math.ceil(count / TURNS), parentDir));
    }
  }
  return variants.map((variant, index) => {
    const lost = times[index]!.filter((time) => time === Infinity).length;
    return { variant, count: times[index]!.length, lost, ...quantiles(times[index]!) };
  });
}

needLabAndC();

const parentDir = await diskDirectory();
const rows: Row[] = [];
console.log(`${"".padEnd(28)}${["median", "p95", "p99"].map((word) => word.padStart(8)).join("")}  milliseconds`);
for (const capture of ["pcap", "udp"] as const) {
  const ours = (["iptables", "nftables"] as const).flatMap((guard): Variant[] => [
    { name: `ours, ${guard}, ${capture}`, program: OUR_DAEMON, capture, guard },
    ...(OTHER === null
      ? []
      : [{ name: `beside, ${guard}, ${capture}`, program: ourDaemonOf(OTHER), capture, guard } as const]),
  ]);
  const c = { name: `C fwknopd, iptables, ${capture}`, program: C_DAEMON, capture, guard: "iptables" } as const;
  for (const row of await measureInTurns([c, ...ours], parentDir)) {
    rows.push(row);
    const numbers = [row.median, row.p95, row.p99].map(formatTime).join("");
    const lost = row.lost === 0 ? "" : `, ${row.lost} never opened`;
    console.log(`${row.variant.name.padEnd(28)}${numbers}  (${row.count} knocks${lost})`);
  }
}
for (const capture of ["pcap", "udp"]) {
  const [c, ...others] = rows.filter(({ variant }) => variant.capture === capture);
  for (const { variant, median } of others) {
    console.log(`${variant.name}: opens ${(c!.median / median).toFixed(0)} times as fast as C fwknopd (medians)`);
  }
}
Deno.exit(0);
