/**
 * From the knock to the open grant, on one clock. The measuring process owns the knocker's and the server's end: it sends
 * the knock, then a datagram to the guarded port every few microseconds, and sleeps between them unless one comes out behind
 * the packet filter: a loop that kept a core busy would measure itself. Nothing is subtracted.
 */
import type { Lab } from "./lab.ts";
import {
  bindSocket,
  closeSocket,
  connectDatagram,
  familyOf,
  receiveDatagram,
  sendDatagram,
  sleepUntilReadable,
} from "./sockets.ts";

/** One measurement. */
export interface Opening {
  /** Milliseconds from handing the knock to the kernel until a guarded datagram had passed; null: not within the limit. */
  readonly milliseconds: number | null;
  /** Datagrams tried until then. */
  readonly probes: number;
  /** Packets sent until then. */
  readonly sent: number;
}

/** Where to knock and what to watch. */
export interface OpeningOptions {
  readonly server: string;
  /** Guarded UDP port that the packet asks for. */
  readonly port: number;
  /** Give up after this long. Default: 2000. */
  readonly limitMs?: number;
  /** The address to send from, which has to be one of the knocker's own. Default: what the kernel chooses. */
  readonly source?: string;
  /** Packets that are sent after the first as long as it is shut, each so many milliseconds after the one before. */
  readonly again?: { readonly packets: readonly string[]; readonly everyMs: number };
  /** Sleep between two datagrams to the port. Default: {@link PACE_MICROSECONDS}. */
  readonly paceMicroseconds?: number;
}

/** Sleep between two datagrams; with the system calls around it a turn takes about twice that. */
const PACE_MICROSECONDS = 20;

/** Sends `packet` and measures. Blocks the event loop until the grant is open. */
export function measureOpening(lab: Lab, packet: string, options: OpeningOptions): Opening {
  const family = familyOf(options.server);
  // New sockets each time: a flow that once passed would be let in by its connection-tracking entry.
  const knock = lab.namespace("knocker").socket(family, "udp");
  const probe = lab.namespace("knocker").socket(family, "udp");
  const behind = lab.namespace("server").socket(family, "udp");
  try {
    bindSocket(behind, options.server, options.port, "udp");
    if (options.source !== undefined) { for (const fd of [knock, probe]) bindSocket(fd, options.source, 0, "udp"); }
    connectDatagram(knock, options.server, 62201);
    connectDatagram(probe, options.server, options.port);
    const packets = [packet, ...options.again?.packets ?? []].map((text) => new TextEncoder().encode(text));
    const pace = options.paceMicroseconds ?? PACE_MICROSECONDS;
    const mark = new Uint8Array(1);
    if (sendDatagram(probe, mark) && receiveDatagram(behind, 1) !== null) {
      throw new Error(`port ${options.port} is open`);
    }
    const start = performance.now();
    const limit = start + (options.limitMs ?? 2000);
    let sent = 0;
    for (let probes = 1, now = start;; probes++) {
      if (sent < packets.length && now >= start + sent * (options.again?.everyMs ?? 0)) {
        sendDatagram(knock, packets[sent++]!);
      }
      sendDatagram(probe, mark);
      sleepUntilReadable(behind, pace);
      const passed = receiveDatagram(behind, 1) !== null;
      now = performance.now();
      if (passed) return { milliseconds: now - start, probes, sent };
      if (now > limit) return { milliseconds: null, probes, sent };
    }
  } finally {
    for (const fd of [knock, probe, behind]) closeSocket(fd);
  }
}

/** Median, 95th and 99th percentile (nearest rank) of a series. */
export interface Quantiles {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
}

/** Quantiles of a non-empty series. */
export function quantiles(series: readonly number[]): Quantiles {
  const sorted = series.toSorted((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { median: rank(0.5), p95: rank(0.95), p99: rank(0.99) };
}
