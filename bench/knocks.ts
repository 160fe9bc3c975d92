/** A series of knocks at one daemon, for the benchmarks: each for a port of its own, timed until its port is open. */
import { bytesFromBase64, sealAccess } from "./packets.ts";
import { type Lab, measureOpening, type ProgramUnderTest, type SharedKeys } from "../tests/lab/mod.ts";

/** What a series is. */
export interface Series {
  readonly lab: Lab;
  readonly keys: SharedKeys;
  readonly program: ProgramUnderTest;
  /** The port of the first one; the others follow. */
  readonly firstPort: number;
  readonly count: number;
  /** Pauses are of random length, in milliseconds up to this. Default: what keeps clear of the daemon's own period. */
  readonly pauseMs?: number;
  /** Knocks come so many milliseconds after each other instead, or at once where one took longer. */
  readonly everyMs?: number;
  /** A knock that has not opened by then is given up. Default: 2000. */
  readonly limitMs?: number;
}

/** Milliseconds of each knock; Infinity for one that did not open. */
export async function timesOf(series: Series): Promise<number[]> {
  const { lab, keys, program, firstPort, count, everyMs } = series;
  const secrets = { encryption: bytesFromBase64(keys.KEY_BASE64), hmac: bytesFromBase64(keys.HMAC_KEY_BASE64) };
  const pauseMs = series.pauseMs ?? (program.name === "c" ? 120 : 10);
  const times: number[] = [];
  const begin = performance.now();
  for (let port = firstPort; port < firstPort + count; port++) {
    const packet = await sealAccess({ allow: lab.address("knocker"), service: `udp/${port}` }, secrets);
    // The pause lets the daemon fall asleep again and keeps clear of any period that it might have.
    const pause = everyMs === undefined
      ? 5 + Math.random() * pauseMs
      : Math.max(0, begin + (port - firstPort) * everyMs - performance.now());
    await new Promise((resolve) => setTimeout(resolve, pause));
    const where = { server: lab.address("server"), port, limitMs: series.limitMs ?? 2000 };
    times.push(measureOpening(lab, packet, where).milliseconds ?? Infinity);
  }
  return times;
}

/** `/tmp` is memory on many machines; the replay file has to be on a disk for the numbers to mean anything. */
export async function diskDirectory(): Promise<string> {
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

/** Milliseconds for a table. */
export function formatTime(value: number): string {
  return (value === Infinity ? "never" : value.toFixed(2)).padStart(8);
}
