/** From configuration to the parts that touch the host: log, the packet filter of test mode. */
import { Syslog } from "../../ffi/libc/syslog.ts";
import { writeNow } from "../../ffi/libc/write_now.ts";
import { lineSink, type LogSink, makeLog, singleSink } from "../../lib/host/log.ts";
import { type Log, SYSLOG_SEVERITY } from "../../lib/log.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { Stanza } from "../config/stanza.ts";
import type { OpenedFirewall } from "../firewall/backends.ts";
import { leadsToJournal, priority } from "../service/journal.ts";
import { recordingFirewall } from "../firewall/recording.ts";

const STANDARD_ERROR = 2;

/** Where log lines go: standard error in the foreground, the system log otherwise, both with `--syslog-enable`. */
export function openLog(
  logging: ServerConfig["logging"],
  where: { readonly foreground: boolean; readonly syslog: boolean; readonly pid: number },
): Log {
  const sinks: LogSink[] = [];
  if (where.foreground) {
    sinks.push(lineSink((bytes) => writeNow(STANDARD_ERROR, bytes), leadsToJournal() ? priority : undefined));
  }
  if (where.syslog || !where.foreground) {
    const syslog = new Syslog({ ...logging, pid: where.pid, now: () => new Date() });
    // One datagram a line: a logger's queue holds a few only, so that many at once would gain nothing.
    sinks.push(singleSink(({ level, text }) => syslog.send(SYSLOG_SEVERITY[level], text)));
  }
  return makeLog(logging.verbosity, sinks);
}

/** Why no packet filter is opened; null where one is. `test`: as with --test. */
export function whyNoFirewall(stanzas: readonly Pick<Stanza, "cycle">[], test: boolean): string | null {
  if (test) return "firewall: none, because of --test";
  // As in the C daemon.
  return stanzas.every(({ cycle }) => cycle !== null)
    ? "firewall: none, because every stanza has a CMD_CYCLE_OPEN command"
    : null;
}

/** The stand-in where none is: remembers, and changes nothing. */
export function openNoFirewall(reason: string): Pick<OpenedFirewall, "firewall" | "reason"> {
  return { firewall: recordingFirewall({ now: () => Date.now() / 1000 }), reason };
}
