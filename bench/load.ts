/**
 * The daemon under load, C and ours in the same run, in both capture modes:
 *
 *     deno run -A bench/load.ts [--sizes=1] [--junk=20000] [--knocks=3000] [--c=60] [--bursts=4]
 *                            [--only=WORD] [--beside=DIR] [--disk=MS]
 *
 * Junk: microseconds of the daemon's CPU, the kernel's work for it included, for each packet of the stock client's shape by a
 * key that nobody has, with so many stanzas. They come at a pace that both daemons bear, a few at a time, and with more
 * stanzas fewer and one by one, each of which wakes the daemon up; so none is lost, and none is dropped because strangers take
 * too much. CPU time says the same on a machine that does other things as well. The C daemon is the UDP server: with libpcap it
 * looks at what came each tenth of a second, and that is no cost of each packet. "only by hint": all stanzas have
 * REQUIRE_KEY_HINT, so that no packet has more keys tried for it than its salt names.
 *
 * Knocks: that many valid packets as our client sends them, with the hint in the salt, each for a port of its own, sealed
 * beforehand and sent at 15,000 a second, so that those that wait fit into the capture's ring; the time from the first packet
 * until the last port is open, and how many ports are open then. The first of `--bursts` finds the daemon just started, as it is
 * before its code is compiled for speed; of those after it the median is told. The replay file is on a disk.
 *
 * Needs root. `--only` names what is wanted of `junk` and `knocks`; `--beside` another checkout, whose daemon is measured as
 * well; with `--disk` the disk takes so many milliseconds more for each time that it is asked (strace does it).
 */
import { textBytes } from "../lib/bytes.ts";
import { diskDirectory } from "./knocks.ts";
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { bytesFromBase64, sealAccess } from "./packets.ts";
import { cpuMilliseconds } from "./process_cost.ts";
import {
  C_DAEMON,
  connectDatagram,
  type Daemon,
  type Directives,
  type Guard,
  type Lab,
  makeLab,
  measureOpening,
  newKeys,
  OUR_DAEMON,
  ourDaemonOf,
  type ProgramUnderTest,
  quantiles,
  sendDatagram,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";

const OPTIONS = ownOptions(
  { sizes: "N,...", junk: "N", knocks: "N", c: "N", bursts: "N", only: "WORD", beside: "DIR", disk: "MS" },
  import.meta.url,
);
const SIZES = (OPTIONS.value("sizes") ?? "1").split(",").map(Number);
const JUNK = Number(OPTIONS.value("junk") ?? 20_000);
const KNOCKS = Number(OPTIONS.value("knocks") ?? 3000);
const C_KNOCKS = Number(OPTIONS.value("c") ?? 60);
const BURSTS = Number(OPTIONS.value("bursts") ?? 4);
const ONLY = OPTIONS.value("only");
const OTHER = OPTIONS.value("beside");
const DISK = OPTIONS.value("disk");
/** Junk comes in pieces of so many packets, so many milliseconds apart. */
interface Pace {
  readonly piece: number;
  readonly apartMs: number;
  /** How many of all the packets that are asked for are sent. */
  readonly share: number;
}

/** What the C daemon bears. */
function paceOf(stanzas: number): Pace {
  if (stanzas < 100) return { piece: 40, apartMs: 10, share: 1 };
  return { piece: 1, apartMs: Math.ceil(stanzas / 80), share: 20 / stanzas };
}

/** What goes in front of a daemon for its slow disk. */
const SLOWED = DISK === null ? [] : [
  ...["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync"],
  ...["-e", `inject=fdatasync:delay_exit=${Number(DISK) * 1000}`],
];

/** Knocks come that fast, in bursts of so many. */
const MOST_A_SECOND = 15_000, BURST = 75;
const FIRST_PORT = 10_000;
const KNOCK_PORT = 62201;

type Capture = "pcap" | "udp";

/** One daemon and where it stands. */
interface Scene {
  readonly lab: Lab;
  readonly keys: SharedKeys;
  readonly daemon: Daemon;
}

interface Wanted {
  readonly program: ProgramUnderTest;
  readonly guard: Guard;
  readonly capture: Capture;
  /** One, if nothing is said. The last is the knocker's. */
  readonly stanzas?: number;
  readonly extra?: Directives;
}

async function withDaemon<Value>(
  { program, guard, capture, stanzas = 1, extra = {} }: Wanted,
  work: (scene: Scene) => Promise<Value>,
): Promise<Value> {
  const udpPorts = capture === "udp" ? [KNOCK_PORT] : [];
  await using lab = await makeLab({ guard, extra: [], udpPorts, parentDir });
  const keys = newKeys();
  const isC = program.name === "c";
  // The C daemon sleeps for a tenth of a second between two lots of so many packets.
  const batches: Directives = isC ? { PCAP_DISPATCH_COUNT: 1000 } : {};
  const server: Directives = { ENABLE_UDP_SERVER: capture === "udp" ? "Y" : "N", ...batches };
  const ours: Directives = isC ? {} : { MAX_OPEN_GRANTS: 100_000 };
  const others = Array.from({ length: stanzas - 1 }, () => newKeys());
  const access = [...others, keys].map((pair) => ({ ...pair, ...ours, ...extra, FW_ACCESS_TIMEOUT: 3600 }));
  await using daemon = await startDaemon(lab, { program, server, access, prefix: SLOWED });
  return await work({ lab, keys, daemon });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function knocker(lab: Lab): number {
  const fd = lab.namespace("knocker").socket(4, "udp");
  connectDatagram(fd, lab.address("server"), KNOCK_PORT);
  return fd;
}

function sealed({ lab, keys }: Pick<Scene, "lab" | "keys">, port: number, hint: boolean) {
  const secrets = { encryption: bytesFromBase64(keys.KEY_BASE64), hmac: bytesFromBase64(keys.HMAC_KEY_BASE64) };
  return sealAccess({ allow: lab.address("knocker"), service: `udp/${port}` }, secrets, { hint }).then(textBytes);
}

/** Microseconds of CPU for each packet. */
async function costOfJunk({ lab, daemon }: Scene, { piece, apartMs, share }: Pace): Promise<number> {
  const strangers = newKeys();
  const packets = await Promise.all(
    Array.from({ length: 500 }, () => sealed({ lab, keys: strangers }, FIRST_PORT, false)),
  );
  const fd = knocker(lab);
  const send = async (count: number) => {
    const begin = performance.now();
    for (let sent = 0; sent < count; sent += piece) {
      for (let i = sent; i < sent + piece; i++) sendDatagram(fd, packets[i % packets.length]!);
      await pause(Math.max(0, begin + sent / piece * apartMs - performance.now()));
    }
    await pause(400);
  };
  const count = Math.ceil(JUNK * share);
  await send(Math.max(20, count / 4));
  const before = cpuMilliseconds(daemon.program.pid);
  await send(count);
  return (cpuMilliseconds(daemon.program.pid) - before) * 1000 / count;
}

/** Knocks opened a second, and how many of them. */
async function paceOfKnocks({ lab, keys }: Scene, count: number, firstPort: number): Promise<number> {
  const packets: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < count; i++) packets.push(await sealed({ lab, keys }, firstPort + i, true));
  const last = new TextDecoder().decode(packets.pop());
  const fd = knocker(lab);
  const begin = performance.now();
  for (const [i, packet] of packets.entries()) {
    sendDatagram(fd, packet);
    if (i % BURST === BURST - 1) await pause(Math.max(0, begin + (i + 1) / MOST_A_SECOND * 1000 - performance.now()));
  }
  const where = { server: lab.address("server"), port: firstPort + count - 1, limitMs: 60_000 };
  const opening = measureOpening(lab, last, where);
  const seconds = (performance.now() - begin) / 1000;
  await pause(300);
  return opening.milliseconds === null ? 0 : count / seconds;
}

/** Knocks opened a second, in the first burst and in those after it, and how many ports are open at the end. */
async function paceOfBursts(scene: Scene, count: number) {
  const rates: number[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    rates.push(await paceOfKnocks(scene, count, FIRST_PORT + burst * count));
  }
  const [first = 0, ...later] = rates;
  return { first, later: later.length === 0 ? null : quantiles(later).median, opened: await openPorts(scene.lab) };
}

/** How many ports of those that were asked for are named in the packet filter. */
async function openPorts(lab: Lab): Promise<number> {
  const listing = await lab.must("server", ["sh", "-c", "iptables -S; nft list ruleset"]);
  return new Set(listing.match(/\b[1-9][0-9]{4}\b/g)).difference(new Set([`${KNOCK_PORT}`])).size;
}

needLabAndC();
const parentDir = await diskDirectory();
const programs: readonly (readonly [name: string, program: ProgramUnderTest, extra: Directives])[] = [
  ["C", C_DAEMON, {}],
  ["ours", OUR_DAEMON, {}],
  ...OTHER === null ? [] : [["beside", ourDaemonOf(OTHER), {}] as const],
  ["ours, only by hint", OUR_DAEMON, { REQUIRE_KEY_HINT: "Y" }],
];
if (ONLY !== "knocks") {
  console.log("Microseconds of CPU for a packet by no key of ours");
  for (const stanzas of SIZES) {
    for (const capture of ["pcap", "udp"] as const) {
      for (const [name, program, extra] of programs) {
        if (program === C_DAEMON && capture === "pcap") continue;
        const wanted = { program, guard: "iptables", capture, stanzas, extra } as const;
        const cost = await withDaemon(
          wanted,
          (scene) => costOfJunk(scene, paceOf("REQUIRE_KEY_HINT" in extra ? 1 : stanzas)),
        );
        console.log(`  ${`${stanzas} stanzas, ${name}, ${capture}`.padEnd(44)}${cost.toFixed(1).padStart(9)}`);
      }
    }
  }
}
if (ONLY !== "junk") {
  console.log("Valid knocks opened a second     first   later");
  for (const capture of ["pcap", "udp"] as const) {
    for (const guard of ["iptables", "nftables"] as const) {
      for (const [name, program, extra] of programs) {
        if ((program === C_DAEMON && guard === "nftables") || Object.keys(extra).length > 0) continue;
        const count = program === C_DAEMON ? C_KNOCKS : KNOCKS;
        const { first, later, opened } = await withDaemon(
          { program, guard, capture },
          (scene) => paceOfBursts(scene, count),
        );
        const label = `${name}, ${guard}, ${capture}`.padEnd(24);
        const rates = `${first.toFixed(0).padStart(8)}${(later?.toFixed(0) ?? "").padStart(8)}`;
        console.log(`  ${label}${rates}  (${opened} of ${count * BURSTS} open)`);
      }
    }
  }
}
Deno.exit(0);
