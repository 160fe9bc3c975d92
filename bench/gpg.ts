/**
 * GnuPG: how long a knock with it takes, and whether junk that only looks like it holds up others.
 *
 *     deno run -A bench/gpg.ts [--junk=1000] [--knocks=100]        (root)
 *
 * Method. As in knock_to_open.ts. Each daemon has a stanza with GnuPG and without an HMAC key, so that everybody may send it
 * messages, and one with Rijndael and HMAC. Knocks with the latter are timed while nothing else comes, then with ten packets
 * of junk in front of each: messages for the server's key, the data of which is random. Then knocks with GnuPG, RSA-2048 and
 * cv25519, for our daemon by gpg and by key files. The C daemon starts a gpg for each packet, so it is asked for a few knocks.
 */
import { decodeBase64, encodeBase64 } from "../lib/base64.ts";
import { diskDirectory, formatTime, timesOf } from "./knocks.ts";
import { needLab } from "./lab.ts";
import { ownOptions } from "./options.ts";
import {
  C_DAEMON,
  type Daemon,
  type Directives,
  isInstalled,
  type Lab,
  makeLab,
  measureOpening,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  quantiles,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";
import { type GpgHome, gpgHome } from "../tests/lab/gpg_home.ts";
import { gpgPacket, sealerOf, type Wrap } from "../tests/lab/gpg_packet.ts";

const OPTIONS = ownOptions({ junk: "N", knocks: "N" }, import.meta.url);
const JUNK = Number(OPTIONS.value("junk") ?? 1000);
const KNOCKS = Number(OPTIONS.value("knocks") ?? 100);
const TOGETHER = 10;
const TURNS = 5;

const KINDS = ["rsa2048", "curve"] as const;

interface Place extends AsyncDisposable {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly program: ProgramUnderTest;
  readonly rijndael: SharedKeys;
  /** Of the stanzas with GnuPG and HMAC, in the order of {@link KINDS}. */
  readonly hmacs: readonly string[];
}

async function engineOf(home: GpgHome, kind: typeof KINDS[number], byFiles: boolean): Promise<Directives> {
  const keys = byFiles
    ? {
      GPG_DECRYPT_KEY_FILE: await home.keyFile(kind, { secret: true }),
      GPG_REMOTE_KEY_FILE: await home.keyFile(kind),
    }
    : { GPG_HOME_DIR: home.path, GPG_DECRYPT_ID: home.fingerprint(kind) };
  return { ...keys, GPG_ALLOW_NO_PW: "Y", GPG_FINGERPRINT_ID: home.fingerprint(kind), FW_ACCESS_TIMEOUT: 3600 };
}

async function makePlace(
  home: GpgHome,
  { program, parentDir, byFiles = false }: { program: ProgramUnderTest; parentDir: string; byFiles?: boolean },
): Promise<Place> {
  const lab = await makeLab({ guard: "iptables", parentDir });
  const rijndael = newKeys();
  const hmacs = KINDS.map(() => newKeys().HMAC_KEY_BASE64);
  const open = await engineOf(home, "rsa2048", byFiles);
  const access = [
    { ...rijndael, FW_ACCESS_TIMEOUT: 3600 },
    ...await Promise.all(KINDS.map(async (kind, index) => ({
      ...await engineOf(home, kind, byFiles),
      HMAC_KEY_BASE64: hmacs[index]!,
    }))),
    open,
  ];
  const server = { FIREWALL_EXE: "/usr/sbin/iptables" };
  const daemon = await startDaemon(lab, { program, server, access });
  return { lab, daemon, program, rijndael, hmacs, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

/** Messages for the key of the server that nobody can open. */
function junkOf(packet: string): () => string {
  const message = decodeBase64(`hQ${packet}`)!;
  return () => {
    const random = message.slice();
    crypto.getRandomValues(random.subarray(-400));
    return encodeBase64(random).slice(2);
  };
}

let nextPort = 20_000;

async function rijndaelKnocks(
  { lab, rijndael, program }: Place,
  count: number,
  before: () => void = () => {},
): Promise<number[]> {
  const times: number[] = [];
  for (let knock = 0; knock < count; knock++) {
    before();
    const series = { lab, keys: rijndael, program, count: 1, limitMs: 20_000, pauseMs: 1 };
    times.push(...await timesOf({ ...series, firstPort: nextPort++ }));
  }
  return times;
}

async function gpgKnocks(
  { lab, hmacs }: Place,
  { kind, wrap, count }: { readonly kind: number; readonly wrap: Wrap; readonly count: number },
): Promise<number[]> {
  const times: number[] = [];
  for (let knock = 0; knock < count; knock++) {
    const port = nextPort++;
    const packet = await gpgPacket({ allow: lab.address("knocker"), service: `udp/${port}` }, wrap, hmacs[kind]!);
    const where = { server: lab.address("server"), port, limitMs: 20_000 };
    times.push(measureOpening(lab, packet, where).milliseconds ?? Infinity);
  }
  return times;
}

function show(name: string, times: readonly number[]): number {
  const { median, p95, p99 } = quantiles(times);
  console.log(`${name.padEnd(40)}${[median, p95, p99].map(formatTime).join("")}  (${times.length} knocks)`);
  return median;
}

async function beside(place: Place, name: string, { knocks, junk }: { knocks: number; junk: () => string }) {
  const { lab } = place;
  const server = lab.address("server");
  const some = () => {
    for (let packet = 0; packet < TOGETHER; packet++) lab.send("stranger", server, 62201, junk());
  };
  await rijndaelKnocks(place, 3);
  const [without, among]: [number[], number[]] = [[], []];
  // By turns, so that what else the machine does hits both.
  for (let turn = 0; turn < TURNS; turn++) {
    without.push(...await rijndaelKnocks(place, Math.ceil(knocks / TURNS)));
    among.push(...await rijndaelKnocks(place, Math.ceil(knocks / TURNS), some));
  }
  const quiet = show(`${name}, nothing else`, without);
  const loud = show(`${name}, ${among.length * TOGETHER} of junk`, among);
  console.log(`${name}: a knock beside junk takes ${(loud / quiet).toFixed(2)} times as long (medians)`);
}

needLab();
const parentDir = await diskDirectory();
{
  await using home = await gpgHome(...KINDS);
  const wraps = await Promise.all(KINDS.map((kind) => sealerOf(home, kind, kind)));
  const junk = junkOf(await gpgPacket({ allow: "192.0.2.1", service: "tcp/22" }, wraps[0]!));
  console.log(`${"".padEnd(40)}${["median", "p95", "p99"].map((word) => word.padStart(8)).join("")}  milliseconds`);
  const rows = [
    { name: "ours, gpg", program: OUR_DAEMON, byFiles: false },
    { name: "ours, key files", program: OUR_DAEMON, byFiles: true },
    ...(isInstalled(C_DAEMON.argv[0]!) ? [{ name: "C fwknopd", program: C_DAEMON, byFiles: false }] : []),
  ];
  for (const { name, program, byFiles } of rows) {
    await using place = await makePlace(home, { program, parentDir, byFiles });
    const isC = program === C_DAEMON;
    const count = isC ? 10 : Math.ceil(KNOCKS / 4);
    await beside(place, `${name}: Rijndael`, { knocks: isC ? 10 : JUNK / TOGETHER, junk });
    for (const [kind, wrap] of wraps.entries()) {
      // The library is loaded, and the agent started, by the first.
      await gpgKnocks(place, { kind, wrap, count: 2 });
      show(`${name}: GnuPG, ${KINDS[kind]}`, await gpgKnocks(place, { kind, wrap, count }));
    }
  }
}
Deno.exit(0);
