/**
 * How much memory the daemon takes: the C fwknopd and ours in the same run, ours in both forms in which it is shipped, with
 * 1, 1,000 and 5,000 stanzas.
 *
 *     deno run -A bench/memory.ts [--sizes=1,1000,5000] [--seconds=10] [--programs=PATH,...] [--maps]        (root)
 *
 * Method. What `build/fwknopd` is (`make build`; a compiled program, or a script) and the bundled script, which is made for the
 * run, each with nftables; `--programs` names others instead. Memory is what /proc tells: RSS, the same with shared pages
 * divided among those that share them (PSS), what is the process's own (heaps, stacks), and what is of files, its program above
 * all. Each at rest; at most in some seconds of load, 200 packets by nobody's key and 20 valid knocks a second; and at rest again.
 * `--maps` lists the largest mappings at the end.
 */
import { needLab } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { bytesFromBase64, sealAccess } from "./packets.ts";
import { type MemoryByKind, memoryByKind } from "./process_cost.ts";
import {
  C_DAEMON,
  closeSocket,
  connectDatagram,
  isInstalled,
  type Lab,
  makeLab,
  newKeys,
  type ProgramUnderTest,
  sendDatagram,
  type SharedKeys,
  startDaemon,
} from "../tests/lab/mod.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const OPTIONS = ownOptions({ sizes: "N,...", seconds: "N", programs: "PATH,...", maps: null }, import.meta.url);
const SIZES = (OPTIONS.value("sizes") ?? "1,1000,5000").split(",").map(Number);
const SECONDS = Number(OPTIONS.value("seconds") ?? 10);

/** Packets a second, and which of them is a valid knock. */
const LOAD = { aSecond: 220, validEach: 11 } as const;
/** A second in which nothing happens, for what is done when nothing happens. */
const REST_MS = 3000;

interface Variant {
  readonly name: string;
  readonly program: ProgramUnderTest;
}

/** Ours in the forms that there are, and the C daemon. */
async function variants(): Promise<readonly Variant[]> {
  const c = isInstalled(C_DAEMON.argv[0]!) ? [{ name: "C fwknopd", program: C_DAEMON }] : [];
  const given = OPTIONS.value("programs")?.split(",") ?? [];
  if (given.length > 0) return [...c, ...given.map((path) => ({ name: path, program: ours(path) }))];
  const folder = await Deno.makeTempDir({ prefix: "fwknop-bench-" });
  const build = new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "-A", `${ROOT}.ci/build.ts`, "--scripts", `--out=${folder}`],
    stdout: "null",
  });
  if (!(await build.output()).success) throw new Error("the script cannot be built");
  const built = await isCompiled(`${ROOT}build/fwknopd`)
    ? [{ name: "ours, compiled", program: ours(`${ROOT}build/fwknopd`) }]
    : [];
  return [...c, ...built, { name: "ours, script", program: ours(`${folder}/fwknopd`) }];
}

function ours(path: string): ProgramUnderTest {
  return { name: "ours", argv: [path] };
}

async function isCompiled(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(4);
    await file.read(head);
    return head[0] === 0x7f;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Sends for some seconds; `look` is called ten times a second. */
async function load(lab: Lab, keys: readonly SharedKeys[], look: () => void): Promise<void> {
  const packets = await packetsOf(lab, keys);
  const fd = lab.namespace("knocker").socket(4, "udp");
  try {
    connectDatagram(fd, lab.address("server"), 62201);
    const begin = performance.now();
    let sent = 0, looked = 0;
    for (let now = 0; now < SECONDS * 1000; now = performance.now() - begin) {
      while (sent < packets.length && sent < now * LOAD.aSecond / 1000) sendDatagram(fd, packets[sent++]!);
      if (now > 100 * looked) {
        looked++;
        look();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    closeSocket(fd);
  }
}

/** Junk has the length and the letters of a knock. */
async function packetsOf(lab: Lab, keys: readonly SharedKeys[]): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const packets: Uint8Array<ArrayBuffer>[] = [];
  const allow = lab.address("knocker");
  for (let i = 0; i < SECONDS * LOAD.aSecond; i++) {
    const valid = i % LOAD.validEach === 0;
    const { KEY_BASE64, HMAC_KEY_BASE64 } = valid ? keys[i % keys.length]! : newKeys();
    const secrets = { encryption: bytesFromBase64(KEY_BASE64), hmac: bytesFromBase64(HMAC_KEY_BASE64) };
    const packet = await sealAccess({ allow, service: `tcp/${10_000 + i % 50_000}` }, secrets);
    packets.push(new TextEncoder().encode(packet));
  }
  return packets;
}

interface Measured {
  readonly rest: MemoryByKind;
  readonly most: MemoryByKind;
  readonly after: MemoryByKind;
}

async function measure({ program }: Variant, size: number): Promise<Measured> {
  await using lab = await makeLab({ guard: program === C_DAEMON ? "iptables" : "nftables", extra: [] });
  const keys = Array.from({ length: size }, () => newKeys());
  const access = keys.map((each) => ({ ...each, FW_ACCESS_TIMEOUT: 5 }));
  await using daemon = await startDaemon(lab, { program, access });
  const { pid } = daemon.program;
  await pause();
  const rest = memoryByKind(pid);
  let most = rest;
  await load(lab, keys, () => most = greatest(most, memoryByKind(pid)));
  await pause();
  const after = memoryByKind(pid);
  if (OPTIONS.has("maps")) console.log(largestMappings(pid).join("\n"));
  return { rest, most, after };
}

function greatest(one: MemoryByKind, other: MemoryByKind): MemoryByKind {
  return one.rss > other.rss ? one : other;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
}

/** By file, or as the kernel names what is of none. */
function largestMappings(pid: number): readonly string[] {
  const sizes = new Map<string, number>();
  let name = "";
  for (const line of Deno.readTextFileSync(`/proc/${pid}/smaps`).split("\n")) {
    const [, access, file] = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (access !== undefined) name = `${access} ${file === "" ? "(no file)" : file}`;
    const kilobytes = /^Rss:\s+([0-9]+)/.exec(line)?.[1];
    if (kilobytes !== undefined) sizes.set(name, (sizes.get(name) ?? 0) + Number(kilobytes));
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 15)
    .map(([mapping, kilobytes]) => `    ${(kilobytes / 1024).toFixed(1).padStart(6)} ${mapping}`);
}

function cells({ rss, pss, own, ofFiles }: MemoryByKind): string {
  return [rss, pss, own, ofFiles].map((each) => each.toFixed(1).padStart(6)).join("");
}

needLab();
const head = "   RSS   PSS   own files";
console.log(`megabytes${"".padEnd(16)}stanzas | at rest${"".padEnd(17)} | load${"".padEnd(20)} | afterwards`);
console.log(`${"".padEnd(32)} |${head} |${head} |${head}`);
const VARIANTS = await variants();
for (const size of SIZES) {
  for (const variant of VARIANTS) {
    const { rest, most, after } = await measure(variant, size);
    console.log(
      `${variant.name.slice(-24).padEnd(24)}${String(size).padStart(8)} |${cells(rest)} |${cells(most)} |${
        cells(after)
      }`,
    );
  }
}
Deno.exit(0);
