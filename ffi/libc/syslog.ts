/**
 * The system log, spoken to as syslog(3) does: one datagram per line to /dev/log (which the runtime's own socket API
 * would only reach with every permission there is).
 */
import { E } from "../abi.ts";
import { connectUnixDatagram, type UnixDatagram } from "./unix_datagram.ts";

/** Who speaks, and where to. */
export interface SyslogOptions {
  readonly identity: string;
  /** Facility number of syslog(3): 3 for LOG_DAEMON, 16 to 23 for LOG_LOCAL0 to LOG_LOCAL7. */
  readonly facility: number;
  readonly pid: number;
  readonly now: () => Date;
  /** Socket of the system logger; `/dev/log` when absent. */
  readonly path?: string;
}

/** A line to a logger whose queue is full may hold up the daemon this long, once; see {@link PATIENCE_PAUSE_MS}. */
const PATIENCE_MS = 50;
/** After a line was lost to a full queue, lines are not waited for during this time: packets matter more. */
const PATIENCE_PAUSE_MS = 1000;
/** What rsyslog and journald take as one message; longer lines are cut. */
const LONGEST_LINE = 8192;

/** A connection to the system logger, made at the first line and again whenever the logger restarted. */
export class Syslog implements Disposable {
  #socket: UnixDatagram | null = null;
  #impatientUntil = 0;

  constructor(readonly options: SyslogOptions) {}

  /**
   * Sends one line.
   *
   * @param severity 0 (emergency) to 7 (debug)
   * @returns whether the logger took it; a machine without one is no error
   * @tags allow-ffi
   */
  send(severity: number, text: string): boolean {
    const now = this.options.now();
    const line = new TextEncoder().encode(formatSyslogLine(this.options, { severity, now, text })).slice(
      0,
      LONGEST_LINE,
    );
    const code = this.#trySend(line, now.getTime());
    if (code === 0) return true;
    if (code === E.AGAIN) {
      this.#impatientUntil = now.getTime() + PATIENCE_PAUSE_MS;
      return false;
    }
    // The logger that we were connected to is gone; a new one may have taken its place.
    this[Symbol.dispose]();
    return this.#trySend(line, now.getTime()) === 0;
  }

  [Symbol.dispose](): void {
    this.#socket?.[Symbol.dispose]();
    this.#socket = null;
  }

  #trySend(line: Uint8Array<ArrayBuffer>, now: number): number {
    if (this.#socket === null) {
      const opened = connectUnixDatagram(this.options.path ?? "/dev/log", PATIENCE_MS);
      if (typeof opened === "number") return opened;
      this.#socket = opened;
    }
    return this.#socket.send(line, now >= this.#impatientUntil);
  }
}

/** RFC 3164 as glibc writes it: `<30>Nov  5 23:02:02 fwknopd[123]: Starting fwknopd`. Local time. */
export function formatSyslogLine(
  { identity, facility, pid }: Pick<SyslogOptions, "identity" | "facility" | "pid">,
  { severity, now, text }: { readonly severity: number; readonly now: Date; readonly text: string },
): string {
  const priority = facility * 8 + severity;
  const day = String(now.getDate()).padStart(2, " ");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
  // deno-lint-ignore no-control-regex -- control characters would forge lines or move a terminal's cursor
  const line = text.replace(/[\x00-\x1f\x7f]/g, " ");
  return `<${priority}>${MONTHS[now.getMonth()]} ${day} ${time} ${identity}[${pid}]: ${line}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
