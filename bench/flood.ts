/** A flood of junk in a lab, by `flood_sender.ts` on the host of the stranger, and what of it the capture of a daemon lost. */
import type { Lab } from "../tests/lab/mod.ts";

/** What to send to the server's port for knocks. */
export interface FloodOptions {
  /** Packets a second. */
  readonly rate: number;
  /** It ends by itself after so many. */
  readonly seconds: number;
  /** The one source of all of them, or how many sources they have. Default: each has another one. */
  readonly from?: string | number;
}

/** What was sent. */
export interface FloodReport {
  readonly sent: number;
  readonly seconds: number;
  /** Of a core, the work of the kernel for the packets included, as far as it does that at once. */
  readonly cpuShare: number;
}

/** A flood under way. */
export interface Flood {
  /** Ends it. */
  stop(): Promise<FloodReport>;
}

/** Starts it. Resolves when packets come. */
export async function startFlood(lab: Lab, { rate, seconds, from }: FloodOptions): Promise<Flood> {
  const program = lab.spawn("stranger", [
    ...[Deno.execPath(), "run", "--no-check", "-A", new URL("flood_sender.ts", import.meta.url).pathname],
    ...[`--to=${lab.address("server")}`, `--rate=${rate}`, `--seconds=${seconds}`],
    ...from === undefined ? [] : [typeof from === "number" ? `--sources=${from}` : `--from=${from}`],
  ]);
  await program.waitFor(/^sending$/);
  return {
    async stop() {
      program.signal("SIGTERM");
      return JSON.parse(await program.waitFor(/^{/)) as FloodReport;
    },
  };
}
