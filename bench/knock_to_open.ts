/**
 * Knock to open: the C fwknopd and ours in the same run, in both capture modes.
 *
 *     deno run -A bench/knock_to_open.ts [--ours=N] [--c=N]        (root)
 *
 * Method. Knocker and server are network namespaces joined by veth pairs and a bridge. Packets are sealed beforehand. One
 * process owns both ends: it hands the knock to the kernel, then sends datagrams to the guarded UDP port, some 20,000 a
 * second, until one of them comes out behind the packet filter (`tests/lab/measure.ts`). Everything between is
 * counted, nothing is subtracted. Each knock asks for a port of its own, pauses of random length lie between, and the replay
 * file is on a disk. The first few knocks warm up and are not counted.
 */
import { bytesFromBase64, sealAccess } from "./packets.ts";
import {
  C_DAEMON,
  type Directives,
  type Guard,
  isInstalled,
  labBlocker,
  makeLab,
  measureOpening,
  newKeys,
  OUR_DAEMON,
  type ProgramUnderTest,
  type Quantiles,
  quantiles,
  startDaemon,
} from "../tests/lab/mod.ts";

interface Variant {
  readonly program: ProgramUnderTest;
  readonly capture: "pcap" | "udp";
  readonly guard: Guard;
}

const WARM_UP = 10;

async function measure(
  variant: Variant,
  count: number,
  parentDir: string,
): Promise<Quantiles & { readonly lost: number }> {
  const udpPorts = variant.capture === "udp" ? [62201] : [];
  await using lab = await makeLab({ guard: variant.guard, extra: [], udpPorts, parentDir });
  const keys = newKeys();
  const server: Directives = { ENABLE_UDP_SERVER: variant.capture === "udp" ? "Y" : "N" };
  await startDaemon(lab, { program: variant.program, server, access: [{ ...keys, FW_ACCESS_TIMEOUT: 3600 }] });
  const secrets = { encryption: bytesFromBase64(keys.KEY_BASE64), hmac: bytesFromBase64(keys.HMAC_KEY_BASE64) };
  const times: number[] = [];
  for (let turn = 0; turn < WARM_UP + count; turn++) {
    const port = 20_000 + turn;
    const packet = await sealAccess({ allow: lab.address("knocker"), service: `udp/${port}` }, secrets);
    // The pause lets the daemon fall asleep again and keeps clear of any period that it might have.
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * (variant.program.name === "c" ? 120 : 10)));
    const { milliseconds } = measureOpening(lab, packet, { server: lab.address("server"), port });
    if (turn >= WARM_UP) times.push(milliseconds ?? Infinity);
  }
  return { ...quantiles(times), lost: times.filter((time) => time === Infinity).length };
}

function countOf(name: string, fallback: number): number {
  const given = Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
  return given === undefined ? fallback : Number(given);
}

/** `/tmp` is memory on many machines; the replay file has to be on a disk for the numbers to mean anything. */
async function diskDirectory(): Promise<string> {
  for (const directory of ["/var/tmp", "/tmp", new URL("../", import.meta.url).pathname]) {
    const { stdout } = await new Deno.Command("stat", { args: ["-f", "-c", "%T", directory] }).output();
    const kind = new TextDecoder().decode(stdout).trim();
    if (kind !== "" && !/tmpfs|ramfs|overlay/.test(kind)) {
      console.log(`replay file on ${directory} (${kind})`);
      return directory;
    }
  }
  throw new Error("There is no directory on a disk: tried /var/tmp, /tmp and the project's");
}

const blocker = labBlocker() ??
  (isInstalled(C_DAEMON.argv[0]!) ? null : "fwknopd is absent (apt-get install fwknop-server)");
if (blocker !== null) {
  console.error(`bench: ${blocker}`);
  Deno.exit(1);
}

const parentDir = await diskDirectory();
const rows: { readonly name: string; readonly capture: string; readonly result: Quantiles }[] = [];
const format = (value: number) => (value === Infinity ? "never" : value.toFixed(2)).padStart(8);
console.log(`${"".padEnd(28)}${["median", "p95", "p99"].map((word) => word.padStart(8)).join("")}  milliseconds`);
for (const capture of ["pcap", "udp"] as const) {
  const variants: readonly Variant[] = [
    { program: C_DAEMON, capture, guard: "iptables" },
    { program: OUR_DAEMON, capture, guard: "iptables" },
    { program: OUR_DAEMON, capture, guard: "nftables" },
  ];
  for (const variant of variants) {
    const count = variant.program.name === "c" ? countOf("c", 40) : countOf("ours", 250);
    const result = await measure(variant, count, parentDir);
    const name = `${variant.program.name === "c" ? "C fwknopd" : "ours"}, ${variant.guard}`;
    rows.push({ name, capture, result });
    const numbers = [result.median, result.p95, result.p99].map(format).join("");
    const lost = result.lost === 0 ? "" : `, ${result.lost} never opened`;
    console.log(`${`${name}, ${capture}`.padEnd(28)}${numbers}  (${count} knocks${lost})`);
  }
}
for (const capture of ["pcap", "udp"]) {
  const [c, ...ours] = rows.filter((row) => row.capture === capture);
  for (const { name, result } of ours) {
    console.log(
      `${capture}: ${name} opens ${(c!.result.median / result.median).toFixed(0)} times as fast as C fwknopd (medians)`,
    );
  }
}
Deno.exit(0);
