/**
 * The journal of systemd, where standard error leads to it: a line that begins with `<N>` has that priority there, and any
 * other line is as important as the next, so that `journalctl -p warning` would show nothing.
 */
import { fileFacts } from "../../ffi/libc/file_facts.ts";
import { ownEnvironment } from "../../ffi/libc/proc_self.ts";
import { type LogLevel, SYSLOG_SEVERITY } from "../../lib/log.ts";

const STANDARD_ERROR = 2;

/** Whether standard error is the journal's own, and not a file to which somebody has led it. */
export function leadsToJournal(): boolean {
  const named = ownEnvironment()["JOURNAL_STREAM"];
  return named !== undefined && streamName(fileFacts(STANDARD_ERROR, "")?.key ?? "") === named;
}

/**
 * How systemd names an open file: by device and inode, the device as the one number that stat(2) gives for it.
 *
 * @param key as `fileFacts` gives it: major, minor and inode
 */
export function streamName(key: string): string | null {
  const [major, minor, inode] = key.split(":").map(BigInt);
  if (major === undefined || minor === undefined || inode === undefined) return null;
  const device = (major & ~0xfffn) << 32n | (major & 0xfffn) << 8n | (minor & ~0xffn) << 12n | minor & 0xffn;
  return `${device}:${inode}`;
}

/** What stands in front of a line of the journal. */
export function priority(level: LogLevel): string {
  return `<${SYSLOG_SEVERITY[level]}>`;
}
