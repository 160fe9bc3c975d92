/**
 * Knocks amid a flood: the C fwknopd and ours in the same run, with 1, 1,000 and 5,000 stanzas, the knocker's in the middle.
 *
 *     deno run -A bench/floods.ts [--sizes=1,1000,5000] [--rates=0,20000] [--c-rates=0,100,20000] [--knocks=200] [--tries=12]
 *                                 [--limit=15] [--capture=pcap] [--only=WORD] [--beside=DIR] [--quick]        (root)
 *
 * The flood is of the stock client's shape, by keys that nobody has, and each packet has a text of its own: `flood_sender.ts`
 * sends it by sendmmsg(2) from a namespace of its own: each packet from any source ("any"), from one of 50,000 ("many"), all from one. Told is the rate
 * that it reached, and how much of it the ring of the capture lost, or with `--capture=udp` the socket of the UDP server. Knocks are timed as in `knock_to_open.ts`, with a
 * datagram each 0.1 ms to the guarded port. A flood begins a second before the first of them.
 *
 * "hint": knocks of our client, from one address; those that are not open after 2 s are "never". "plain": packets without a
 * hint, as the C client's, sent again half a second later as long as it is shut, three times; how many opened at the first, the
 * second, a later try, or never within 2 s. "known" come from an address that has opened something before, "new" each from
 * another. CPU is the daemon's, all its threads, in percent of a core; "wait" is how long it could have run while others
 * had the cores, which says how busy the machine is besides. Ratios are to the C daemon, which has no hints, at the
 * same flood.
 *
 * Each series ends after `--limit` seconds. `--only` is a part of the name of a daemon: C, ours or beside, which is the one of
 * another checkout.
 */
import { takeCaptureCounts, udpLosses } from "./capture_losses.ts";
import { type Flood, startFlood } from "./flood.ts";
import { diskDirectory, formatTime } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { bytesFromBase64, sealAccess } from "./packets.ts";
import { cpuMilliseconds, waitedMilliseconds } from "./process_cost.ts";
import {
  C_DAEMON,
  type Daemon,
  type Directives,
  type Lab,
  makeLab,
  measureOpening,
  newKeys,
  type Opening,
  OUR_DAEMON,
  ourDaemonOf,
  OUTER,
  type ProgramUnderTest,
  quantiles,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";

const OPTIONS = ownOptions({
  sizes: "N,...",
  rates: "N,...",
  "c-rates": "N,...",
  knocks: "N",
  tries: "N",
  limit: "SECONDS",
  capture: "pcap|udp",
  only: "WORD",
  beside: "DIR",
  quick: null,
}, import.meta.url);
const QUICK = OPTIONS.has("quick");
const numbers = (text: string) => text.split(",").map(Number);
const SIZES = numbers(OPTIONS.value("sizes") ?? (QUICK ? "1,1000" : "1,1000,5000"));
const RATES = numbers(OPTIONS.value("rates") ?? (QUICK ? "20000" : "0,20000"));
const C_RATES = numbers(OPTIONS.value("c-rates") ?? (QUICK ? "100,20000" : "0,100,20000"));
const KNOCKS = Number(OPTIONS.value("knocks") ?? (QUICK ? 50 : 200));
const TRIES = Number(OPTIONS.value("tries") ?? (QUICK ? 4 : 12));
const LIMIT_MS = 1000 * Number(OPTIONS.value("limit") ?? (QUICK ? 5 : 15));
const AS_SERVER = OPTIONS.value("capture") === "udp";
const ONLY = OPTIONS.value("only");
const OTHER = OPTIONS.value("beside");
const FLOODS: readonly Sources[] = QUICK ? ["any", "one"] : ["any", "many", "one"];

/** Knockers have addresses out of this network, all of which are the knocker's. */
const KNOCKERS = "10.88.0.0/16";
const KNOWN = "10.88.0.1";
/** Where knocks and floods go to. */
const SPA_PORT = 62201;
const PROBE_MICROSECONDS = 100;
const OPEN_MS = 2000, AGAIN_MS = 500;
const PAUSE_MS = 10, C_PAUSE_MS = 120;
const WARM_UP = 5;
/** Whom a flood comes from: the stranger, a crowd that comes again and again, or whoever is named as the sender. */
const SOURCES = { one: (lab: Lab) => lab.address("stranger"), many: () => 50_000, any: () => undefined } as const;

/** Every line of the C daemon for a packet would fill the pipe while a knock is timed, and stop it: what it says is thrown away. */
const QUIET = [
  "bash",
  "-c",
  'exec "$@" > >(grep -m 1 --line-buffered -e "main event loop" -e "Kicking off"; exec cat > /dev/null) 2>&1',
  "bash",
];

interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
  readonly rates: readonly number[];
}

type Sources = keyof typeof SOURCES;

/** One daemon, and what was used up of its addresses and ports. */
interface Scene {
  readonly lab: Lab;
  readonly keys: SharedKeys;
  readonly daemon: Daemon;
  readonly program: ProgramUnderTest;
  port: number;
  knocker: number;
}

/** How many of one kind of knocks opened when. */
type Tries = readonly [first: number, second: number, later: number, never: number];

interface Row {
  readonly name: string;
  readonly flood: string;
  readonly hinted: readonly number[];
  readonly known: Tries;
  readonly fresh: Tries;
  readonly median: number;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A port of its own each time. What came between two knocks was said in the meantime. */
async function knockOnce(scene: Scene, source: string, kind: "hint" | "plain"): Promise<Opening> {
  const { lab, keys, program } = scene;
  await pause(5 + Math.random() * (program === C_DAEMON ? C_PAUSE_MS : PAUSE_MS));
  const port = scene.port++;
  const secrets = { encryption: bytesFromBase64(keys.KEY_BASE64), hmac: bytesFromBase64(keys.HMAC_KEY_BASE64) };
  const seal = () => sealAccess({ allow: source, service: `udp/${port}` }, secrets, { hint: kind === "hint" });
  const packets = kind === "hint" ? [] : [await seal(), await seal()];
  return measureOpening(lab, await seal(), {
    server: lab.address("server"),
    port,
    source,
    limitMs: OPEN_MS,
    again: { packets, everyMs: AGAIN_MS },
    paceMicroseconds: PROBE_MICROSECONDS,
  });
}

/** So many knocks, or as many as there is time for. */
async function series(count: number, once: () => Promise<Opening>): Promise<Opening[]> {
  const openings: Opening[] = [];
  const end = performance.now() + LIMIT_MS;
  while (openings.length < count && performance.now() < end) openings.push(await once());
  return openings;
}

function triesOf(openings: readonly Opening[]): Tries {
  const at = (sent: number) => openings.filter((one) => one.milliseconds !== null && one.sent === sent).length;
  const never = openings.filter(({ milliseconds }) => milliseconds === null).length;
  return [at(1), at(2), openings.length - at(1) - at(2) - never, never];
}

const millisecondsOf = (openings: readonly Opening[]) => openings.map(({ milliseconds }) => milliseconds ?? Infinity);

/** All kinds of knocks amid one flood. */
async function measureAmid(
  scene: Scene,
  { name, rate, sources }: { readonly name: string; readonly rate: number; readonly sources: Sources },
): Promise<Row> {
  const { lab, daemon: { program: { pid } } } = scene;
  const from = SOURCES[sources](lab);
  const wanted = { rate, seconds: 300, ...from === undefined ? {} : { from } };
  const flood: Flood | null = rate === 0 ? null : await startFlood(lab, wanted);
  await pause(1000);
  takeCaptureCounts(pid);
  const lostBefore = udpLosses(pid, SPA_PORT);
  const [cpu, waited, begin] = [cpuMilliseconds(pid), waitedMilliseconds(pid), performance.now()];
  const hinted = scene.program === C_DAEMON
    ? []
    : millisecondsOf(await series(KNOCKS, () => knockOnce(scene, lab.address("knocker"), "hint")));
  const known = await series(TRIES, () => knockOnce(scene, KNOWN, "plain"));
  const fresh = await series(TRIES, () => {
    const number = ++scene.knocker;
    return knockOnce(scene, `10.88.${1 + (number >> 8)}.${number & 255}`, "plain");
  });
  const percent = (milliseconds: number) => (milliseconds / (performance.now() - begin) * 100).toFixed(0).padStart(6);
  const shares = [percent(cpuMilliseconds(pid) - cpu), percent(waitedMilliseconds(pid) - waited)];
  const seconds = (performance.now() - begin) / 1000;
  const captured = takeCaptureCounts(pid), lostByServer = udpLosses(pid, SPA_PORT) - lostBefore;
  const report = await flood?.stop();
  const reached = report === undefined ? 0 : report.sent / report.seconds;
  const { seen, lost } = AS_SERVER ? { seen: reached * seconds, lost: lostByServer } : captured;
  const { median } = quantiles(millisecondsOf([...known, ...fresh]));
  const row = { name, flood: `${rate} ${sources}`, hinted, known: triesOf(known), fresh: triesOf(fresh), median };
  print(row, [
    reached.toFixed(0).padStart(7),
    (rate === 0 ? "" : sources).padStart(6),
    ...shares,
    (seen === 0 ? 0 : lost / seen * 100).toFixed(1).padStart(7),
  ]);
  return row;
}

function print({ name, hinted, known, fresh, median }: Row, cells: readonly string[]): void {
  const { median: middle, p99 } = hinted.length === 0 ? { median: NaN, p99: NaN } : quantiles(hinted);
  const never = hinted.filter((time) => time === Infinity).length;
  const ofHints = hinted.length === 0
    ? "".padStart(24)
    : `${formatTime(middle)}${formatTime(p99)}${`${never}/${hinted.length}`.padStart(8)}`;
  const tries = [known, fresh].map((counts) => counts.join(" ").padStart(12)).join("");
  console.log(`${name.padEnd(22)}${cells.join("")} |${ofHints} |${tries}${formatTime(median)}`);
}

async function measureDaemon({ name, program, rates }: Variant, size: number, parentDir: string): Promise<Row[]> {
  const guard = program === C_DAEMON ? "iptables" : "nftables";
  await using lab = await makeLab({ guard, parentDir, udpPorts: AS_SERVER ? [SPA_PORT] : [] });
  await lab.must("knocker", ["ip", "route", "add", "local", KNOCKERS, "dev", "lo"]);
  await lab.must("server", ["ip", "route", "add", KNOCKERS, "dev", OUTER]);
  const keys = newKeys();
  // The C daemon sleeps for a tenth of a second between two lots of so many packets.
  const server: Directives = {
    ...program === C_DAEMON ? { PCAP_DISPATCH_COUNT: 1000 } : {},
    ENABLE_UDP_SERVER: AS_SERVER ? "Y" : "N",
  };
  const own: Directives = program === C_DAEMON ? {} : { MAX_OPEN_GRANTS: 100_000 };
  const access = Array.from({ length: size }, (_, i): Directives => ({
    ...(i === size >> 1 ? keys : newKeys()),
    ...own,
    FW_ACCESS_TIMEOUT: 3600,
  }));
  await using daemon = await startDaemon(lab, { program, server, access, prefix: QUIET });
  const scene: Scene = { lab, keys, daemon, program, port: 10_000, knocker: 0 };
  for (let i = 0; i < WARM_UP; i++) await knockOnce(scene, KNOWN, "hint");
  const rows: Row[] = [];
  for (const rate of rates) {
    for (const sources of rate === 0 ? ["one"] as const : FLOODS) {
      rows.push(await measureAmid(scene, { name: `${name}, ${size}`, rate, sources }));
    }
  }
  return rows;
}

needLabAndC();
const parentDir = await diskDirectory();
const variants: readonly Variant[] = [
  { name: "C", program: C_DAEMON, rates: C_RATES },
  { name: "ours", program: OUR_DAEMON, rates: RATES },
  ...OTHER === null ? [] : [{ name: "beside", program: ourDaemonOf(OTHER), rates: RATES }],
].filter(({ name }) => ONLY === null || name.includes(ONLY));
console.log(
  `${
    "daemon, stanzas".padEnd(22)
  }  flood/s  from  CPU% wait% lost% |    hint: median p99   never | plain: known   new  median ms`,
);
for (const size of SIZES) {
  const ofC: Row[] = [];
  for (const variant of variants) {
    const rows = await measureDaemon(variant, size, parentDir);
    if (variant.program === C_DAEMON) ofC.push(...rows);
    else rows.forEach((row) => compare(row, ofC.find(({ flood }) => flood === row.flood)));
  }
}
Deno.exit(0);

/** By the median of knocks: ours with a hint, and without one, against C's. */
function compare({ name, flood, hinted, median }: Row, c: Row | undefined): void {
  if (c === undefined) return;
  const times = (own: number) =>
    c.median === Infinity ? "C never" : `${(c.median / own).toFixed(0)} times as fast as C`;
  console.log(`  ${name}, ${flood}: with a hint ${times(quantiles(hinted).median)}, without one ${times(median)}`);
}
