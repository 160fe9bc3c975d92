/**
 * The daemon under load, C and ours in the same run, with one stanza, in both capture modes:
 *
 *     deno run -A bench/load.ts [--junk=20000] [--knocks=3000] [--c=60] [--only=WORD] [--beside=DIR]        (root)
 *
 * Junk: microseconds of the daemon's CPU, the kernel's work for it included, for each packet of the stock client's shape by a
 * key that nobody has. They come at a pace that both daemons bear, a few at a time, so that none is lost; CPU time says
 * the same on a machine that does other things as well.
 *
 * Knocks: that many valid packets as our client sends them, with the hint in the salt, each for a port of its own, sealed
 * beforehand and sent as fast as one process can; the time from the first packet until the last port is open, and how many
 * ports are open then. The capture's ring holds some 2,600 of them; what comes beyond that is lost. The replay file is on a
 * disk.
 *
 * `--only` names what is wanted of `junk` and `knocks`; `--beside` another checkout, whose daemon is measured as well.
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
  sendDatagram,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";

const OPTIONS = ownOptions({ junk: "N", knocks: "N", c: "N", only: "WORD", beside: "DIR" }, import.meta.url);
const JUNK = Number(OPTIONS.value("junk") ?? 20_000);
const KNOCKS = Number(OPTIONS.value("knocks") ?? 3000);
const C_KNOCKS = Number(OPTIONS.value("c") ?? 60);
const ONLY = OPTIONS.value("only");
const OTHER = OPTIONS.value("beside");
/** Junk comes in pieces of so many packets, so many milliseconds apart. */
const PIECE = 40, PIECE_MS = 10;
const FIRST_PORT = 10_000;
const KNOCK_PORT = 62201;

type Capture = "pcap" | "udp";

/** One daemon and where it stands. */
interface Scene {
  readonly lab: Lab;
  readonly keys: SharedKeys;
  readonly daemon: Daemon;
}

async function withDaemon<Value>(
  { program, guard, capture }: { program: ProgramUnderTest; guard: Guard; capture: Capture },
  work: (scene: Scene) => Promise<Value>,
): Promise<Value> {
  const udpPorts = capture === "udp" ? [KNOCK_PORT] : [];
  await using lab = await makeLab({ guard, extra: [], udpPorts, parentDir });
  const keys = newKeys();
  // The C daemon sleeps for a tenth of a second between two lots of so many packets.
  const server: Directives = { ENABLE_UDP_SERVER: capture === "udp" ? "Y" : "N", PCAP_DISPATCH_COUNT: 1000 };
  const ours: Directives = program.name === "c" ? {} : { MAX_OPEN_GRANTS: 100_000 };
  await using daemon = await startDaemon(lab, {
    program,
    server,
    access: [{ ...keys, ...ours, FW_ACCESS_TIMEOUT: 3600 }],
  });
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
async function costOfJunk({ lab, daemon }: Scene): Promise<number> {
  const strangers = newKeys();
  const packets = await Promise.all(
    Array.from({ length: 500 }, () => sealed({ lab, keys: strangers }, FIRST_PORT, false)),
  );
  const fd = knocker(lab);
  const send = async (count: number) => {
    const begin = performance.now();
    for (let sent = 0; sent < count; sent += PIECE) {
      for (let i = sent; i < sent + PIECE; i++) sendDatagram(fd, packets[i % packets.length]!);
      await pause(Math.max(0, begin + sent / PIECE * PIECE_MS - performance.now()));
    }
    await pause(400);
  };
  await send(JUNK / 4);
  const before = cpuMilliseconds(daemon.program.pid);
  await send(JUNK);
  return (cpuMilliseconds(daemon.program.pid) - before) * 1000 / JUNK;
}

/** Knocks opened a second, and how many of them. */
async function paceOfKnocks({ lab, keys }: Scene, count: number): Promise<readonly [number, number]> {
  const packets: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < count; i++) packets.push(await sealed({ lab, keys }, FIRST_PORT + i, true));
  const last = new TextDecoder().decode(packets.pop());
  const fd = knocker(lab);
  const begin = performance.now();
  for (const packet of packets) sendDatagram(fd, packet);
  const where = { server: lab.address("server"), port: FIRST_PORT + count - 1, limitMs: 60_000 };
  const opening = measureOpening(lab, last, where);
  const seconds = (performance.now() - begin) / 1000;
  await pause(300);
  return [opening.milliseconds === null ? 0 : count / seconds, await openPorts(lab)];
}

/** How many ports of those that were asked for are named in the packet filter. */
async function openPorts(lab: Lab): Promise<number> {
  const listing = await lab.must("server", ["sh", "-c", "iptables -S; nft list ruleset"]);
  return new Set(listing.match(/\b[1-9][0-9]{4}\b/g)).size;
}

needLabAndC();
const parentDir = await diskDirectory();
const programs: readonly (readonly [string, ProgramUnderTest])[] = [
  ["C", C_DAEMON],
  ["ours", OUR_DAEMON],
  ...OTHER === null ? [] : [["beside", ourDaemonOf(OTHER)] as const],
];
if (ONLY !== "knocks") {
  console.log("Microseconds of CPU for a packet by no key of ours, 1 stanza");
  for (const capture of ["pcap", "udp"] as const) {
    for (const [name, program] of programs) {
      const cost = await withDaemon({ program, guard: "iptables", capture }, costOfJunk);
      console.log(`  ${`${name}, ${capture}`.padEnd(24)}${cost.toFixed(1).padStart(8)}`);
    }
  }
}
if (ONLY !== "junk") {
  console.log("Valid knocks opened a second");
  for (const capture of ["pcap", "udp"] as const) {
    for (const guard of ["iptables", "nftables"] as const) {
      for (const [name, program] of programs) {
        if (program === C_DAEMON && guard === "nftables") continue;
        const count = program === C_DAEMON ? C_KNOCKS : KNOCKS;
        const [rate, opened] = await withDaemon({ program, guard, capture }, (scene) => paceOfKnocks(scene, count));
        const label = `${name}, ${guard}, ${capture}`.padEnd(24);
        console.log(`  ${label}${rate.toFixed(0).padStart(8)}  (${opened} of ${count} open)`);
      }
    }
  }
}
Deno.exit(0);
