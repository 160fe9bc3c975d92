/** Reads the tables of iptables-legacy, where the kernel has any, by the program that prints them. */
import type { Run } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import { PROGRAM_FOLDERS } from "../program_folders.ts";
import { readLegacy } from "./legacy.ts";
import type { Tables } from "./ruleset.ts";

/** What it takes. */
export interface LegacyParts {
  readonly run: Run;
  readonly log: Log;
  /** Reads a file under /proc/net; null where it is not there. */
  readonly readNet: (name: string) => string | null;
}

/** The tables of both families, by names of their own (`ip filter`); empty where the kernel has none. */
export function legacyReader({ run, log, readNet }: LegacyParts): () => Promise<Tables> {
  let told = "";
  /** Says once what cannot be known. */
  const tell = (what: string) => {
    if (what !== told) log("notice", what);
    told = what;
  };
  const save = async (program: string): Promise<string | null> => {
    for (const folder of PROGRAM_FOLDERS) {
      try {
        const result = await run(`${folder}/${program}`, []);
        if (result.code === 0 && !result.timedOut && !result.truncated) return result.stdout;
      } catch {
        // Not there, or not to be run: the next folder, or it is told.
      }
    }
    return null;
  };
  return async () => {
    const tables: Tables = new Map();
    for (const [family, prefix] of [[4, "ip"], [6, "ip6"]] as const) {
      if ((readNet(`${prefix}_tables_names`) ?? "").trim() === "") continue;
      const program = `${prefix}tables-legacy-save`;
      const text = await save(program);
      if (text === null) {
        tell(
          `There are rules of ${prefix}tables-legacy, and ${program} does not tell them: what they drop is not known`,
        );
      } else for (const [key, table] of readLegacy(text, family)) tables.set(key, table);
    }
    return tables;
  };
}
