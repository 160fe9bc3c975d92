/**
 * What a knock costs beside grants of others that are open, ours and the C daemon in the same run:
 *
 *     deno run -A bench/open_grants.ts [--grants=50000] [--rules=2000] [--ours=200] [--c=20] [--beside=DIR]        (root)
 *
 * Method. A daemon is started and stopped, so that its sets or chains are there; grants for so many addresses are put into
 * them as an earlier run would have left them, and the daemon that is measured takes them over: with nftables `--grants`
 * elements, with iptables `--rules` rules, through which the kernel itself goes one by one. Then knocks are timed as in
 * knock_to_open.ts. Beside the median stands the CPU of the daemon for each knock, its programs included, and what it has of
 * memory; the figure to look at is how many times as much that is as beside nothing. `--beside` names another checkout of this
 * project, such as the version before.
 */
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { cpuMilliseconds, megabytes } from "./process_cost.ts";
import {
  C_DAEMON,
  type Directives,
  type Lab,
  makeLab,
  newKeys,
  OUR_DAEMON,
  ourDaemonOf,
  type ProgramUnderTest,
  quantiles,
  startDaemon,
} from "../tests/lab/mod.ts";

interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
  readonly guard: "nftables" | "iptables";
}

/** Per knock. */
interface Cost {
  readonly milliseconds: number;
  readonly cpu: number;
  readonly megabytes: number;
}

const OPTIONS = ownOptions({ grants: "N", rules: "N", ours: "N", c: "N", beside: "DIR" }, import.meta.url);
const WARM_UP = 10;
/** Seconds until what is put there ends: after everything. */
const LONG = 36_000;

function numberOf(name: "grants" | "rules" | "ours" | "c", fallback: number): number {
  return Number(OPTIONS.value(name) ?? fallback);
}

/** An address of its own for each number, none of the lab. */
function addressOf(n: number): string {
  return `100.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
}

/** Grants as an earlier run would have left them. */
async function leave(lab: Lab, { guard }: Variant, count: number): Promise<void> {
  const ends = Math.floor(Date.now() / 1000) + LONG;
  const all = Array.from({ length: count }, (_, n) => addressOf(n));
  if (guard === "nftables") {
    for (let start = 0; start < count; start += 5000) {
      const elements = all.slice(start, start + 5000).map((address) => `${address} . tcp . 22 timeout ${LONG}s`);
      const stdin = `add element inet guard fwknop_input4 { ${elements.join(", ")} }\n`;
      await lab.must("server", ["nft", "-f", "-"], { stdin });
    }
  } else {
    const rules = all.map((address) =>
      `-A FWKNOP_INPUT -s ${address}/32 -p tcp -m tcp --dport 22 -m comment --comment _exp_${ends} -j ACCEPT\n`
    );
    await lab.must("server", ["iptables-restore", "--noflush"], { stdin: `*filter\n${rules.join("")}COMMIT\n` });
  }
}

/** What it took over is judged beside everything else at first. */
async function untilIdle(pid: number): Promise<void> {
  for (let before = -Infinity, now = cpuMilliseconds(pid); now - before > 20; now = cpuMilliseconds(pid)) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function measure(variant: Variant, beside: number, parentDir: string): Promise<Cost> {
  const { guard, program } = variant;
  await using lab = await makeLab({ guard, extra: [], udpPorts: [62201], parentDir });
  const keys = newKeys();
  const keep: Directives = guard === "nftables"
    ? { FLUSH_NFT_AT_EXIT: "N" }
    : { FLUSH_IPT_AT_INIT: "N", FLUSH_IPT_AT_EXIT: "N" };
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 3600 }];
  const before = await startDaemon(lab, { program, server: { ENABLE_UDP_SERVER: "Y", ...keep }, access });
  await before.stop();
  if (beside > 0) await leave(lab, variant, beside);
  const daemon = await before.again();
  const count = numberOf(program.name === "c" ? "c" : "ours", program.name === "c" ? 20 : 200);
  const series = { lab, keys, program, limitMs: 10_000 };
  await timesOf({ ...series, firstPort: 20_000, count: WARM_UP });
  await untilIdle(daemon.program.pid);
  const cpu = cpuMilliseconds(daemon.program.pid);
  const times = await timesOf({ ...series, firstPort: 21_000, count });
  return {
    milliseconds: quantiles(times).median,
    cpu: (cpuMilliseconds(daemon.program.pid) - cpu) / count,
    megabytes: megabytes(daemon.program.pid).now,
  };
}

needLabAndC();

const parentDir = await diskDirectory();
const other = OPTIONS.value("beside");
const ours = [["ours", OUR_DAEMON], ...other === null ? [] : [["beside", ourDaemonOf(other)] as const]] as const;
const variants = [
  ...ours.map(([name, program]): Variant => ({ name: `${name}, nftables`, program, guard: "nftables" })),
  ...ours.map(([name, program]): Variant => ({ name: `${name}, iptables`, program, guard: "iptables" })),
  { name: "C fwknopd, iptables", program: C_DAEMON, guard: "iptables" } satisfies Variant,
];
console.log(`${"".padEnd(42)}  median     CPU per knock   memory`);
for (const variant of variants) {
  const many = variant.guard === "nftables" ? numberOf("grants", 50_000) : numberOf("rules", 2000);
  const costs: Cost[] = [];
  for (const beside of [0, many]) {
    const cost = await measure(variant, beside, parentDir);
    costs.push(cost);
    const name = `${variant.name}, beside ${beside}`;
    const { milliseconds, cpu, megabytes } = cost;
    console.log(
      `${name.padEnd(42)}${formatTime(milliseconds)} ms ${formatTime(cpu)} ms  ${megabytes.toFixed(0).padStart(5)} MB`,
    );
  }
  const [alone, beside] = costs;
  const ratio = (of: "milliseconds" | "cpu") => `x ${((beside?.[of] ?? NaN) / (alone?.[of] ?? NaN)).toFixed(2)}`;
  console.log(`${variant.name.padEnd(42)}${ratio("milliseconds").padStart(11)} ${ratio("cpu").padStart(11)}`);
}
Deno.exit(0);
