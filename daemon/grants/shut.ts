/**
 * Which of the open grants others keep shut. Each is told when that becomes true, and when it is over; of a grant that was
 * just opened, the line about the opening has told it.
 */
import type { Log } from "../../lib/log.ts";
import { type Access, accessKey } from "../firewall/firewall.ts";
import type { Obstruction } from "../firewall/path/model.ts";
import { formatNoLongerShut, formatShut } from "../report/log_lines.ts";

/** Lines about open grants that one change may bring. */
const MAX_LINES = 50;

/** A grant that is open, and what keeps it shut. */
export interface JudgedGrant {
  readonly access: Access;
  /** The chain or set that it stands in, for a line about it. */
  containerOf(): string;
  readonly shutBy: readonly Obstruction[];
}

/** Remembers what was told. */
export interface ShutGrants {
  /** It was told when it was opened. */
  note(access: Access, shutBy: readonly Obstruction[]): void;
  /**
   * Before all that are open are judged. Returns what tells the news of them: what is missing is not open any more, unless it
   * was noted meanwhile.
   */
  begin(): (open: readonly JudgedGrant[], log: Log) => void;
}

/** Knows of none. */
export function createShutGrants(): ShutGrants {
  let known = new Map<string, string>();
  /** Those that were noted while all are judged; nobody asks for them at other times, which may last for weeks. */
  let noted: Set<string> | null = null;
  const tell = (open: readonly JudgedGrant[], log: Log, meanwhile: ReadonlySet<string>) => {
    const before = known;
    known = new Map([...before].filter(([key]) => meanwhile.has(key)));
    let news = 0;
    for (const { access, containerOf, shutBy } of open) {
      const key = accessKey(access);
      if (meanwhile.has(key)) continue;
      const text = textOf(shutBy);
      if (text !== "") known.set(key, text);
      if (text === (before.get(key) ?? "") || ++news > MAX_LINES) continue;
      if (text === "") log("info", formatNoLongerShut(access, containerOf()));
      else log("warning", formatShut(access, containerOf(), shutBy));
    }
    if (news > MAX_LINES) log("warning", `The same is true of ${news - MAX_LINES} more open doors`);
  };
  return {
    note(access, shutBy) {
      const key = accessKey(access);
      noted?.add(key);
      if (shutBy.length === 0) known.delete(key);
      else known.set(key, textOf(shutBy));
    },
    begin() {
      const meanwhile = noted = new Set<string>();
      return (open, log) => {
        if (noted === meanwhile) noted = null;
        tell(open, log, meanwhile);
      };
    },
  };
}

/** The same for the same obstructions. */
function textOf(shutBy: readonly Obstruction[]): string {
  return shutBy.map(({ chain, how }) => `${chain} ${how}`).join("\n");
}
