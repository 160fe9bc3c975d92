/** A replay file in a folder of its own, and packets for it. */
import { formatEntry } from "../../../daemon/replay/cache_line.ts";
import { openFileStore } from "../../../daemon/replay/file.ts";
import type { ReplayStore, SeenPacket } from "../../../daemon/replay/store.ts";

/** Unix seconds. */
export const NOW = 1_795_300_998;
/** Seconds. */
export const MAX_AGE = 120;

/** What is kept of a packet that was seen then. */
export function packet(seenAt: number): SeenPacket {
  const there = { destination: "10.77.0.1", destinationPort: 62201 };
  return { protocol: 17, source: "10.77.0.2", sourcePort: 33069, ...there, seenAt };
}

/** As long as a digest is. */
export const digest = (name: string) => name.padEnd(43, "x");
/** The line of a digest. */
export const line = (name: string, seenAt = NOW) => formatEntry(digest(name), packet(seenAt));

/** A place for a replay file, which is gone afterwards. */
export async function inFolder(test: (path: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/run`, { mode: 0o700 });
    await test(`${folder}/run/digest.cache`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A store whose clocks stand still at `time`. */
export function openAt(path: string, time = NOW, log: (level: string, text: string) => void = () => {}): ReplayStore {
  const clocks = { clock: () => time * 1000, steady: () => 0 };
  return openFileStore(path, log, { maxAge: MAX_AGE, makeFolder: true, clocks });
}

/** The text of a file. */
export function contentOf(path: string): string {
  return Deno.readTextFileSync(path);
}
