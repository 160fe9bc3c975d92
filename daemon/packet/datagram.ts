/** Where SPA packets come from: the contract of every capture mode, and the one shape in which it hands packets on. */
import type { Ip } from "../../lib/net/address.ts";
import type { SeenSyn } from "../fingerprint/memory.ts";
import type { SourceSpec } from "./spec.ts";

/** Payload length of an SPA packet on the wire, of an HTTP request too: a source may leave out what is shorter or longer. */
export const MIN_PAYLOAD = 140;
export const MAX_PAYLOAD = 1499;

/** One UDP, TCP or ICMP payload that reached this host. */
export interface Datagram {
  /** Owned by the receiver: never overwritten by a later read. */
  readonly payload: Uint8Array;
  readonly source: Ip;
  /** Null only where the kernel did not tell. */
  readonly destination: Ip | null;
  /** IP protocol number: 6, 17, 1 or 58. */
  readonly protocol: number;
  /** 0 for ICMP. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Unix milliseconds: the time stamp of the capture, or of the read. */
  readonly receivedAt: number;
}

/** One drained wake-up. */
export interface Batch {
  readonly datagrams: readonly Datagram[];
  /** Packets taken from the source, whether or not they made a datagram; `-C` counts these. */
  readonly taken: number;
  /** Whether `limit` stopped the read and more may be waiting. */
  readonly more: boolean;
  /** A file was read to its end, as it is now. */
  readonly ended: boolean;
  /** Milliseconds after which to read again although the descriptor says nothing. */
  readonly again?: number;
  /** Lines worth saying to somebody who looks closely; made when there is one. */
  readonly remarks?: () => readonly string[];
  /** The same for everybody. */
  readonly warnings?: readonly string[];
}

/** A source, and what it was opened as. */
export interface SourceInUse {
  readonly spec: SourceSpec;
  readonly source: PacketSource;
}

export interface PacketSource extends Disposable {
  /** The line for the log: `Sniffing interface: eth0`, `Kicking off UDP server to listen on port 62201.` … */
  readonly banner: readonly string[];
  /**
   * Readable (poll POLLIN) when `read` may have something; null where there is nothing to wait for: then it is read at
   * once, and again as the batches say.
   */
  readonly fd: number | null;
  /** Stands for an interface that is not there yet: the run loop tries again every second to open the real one. */
  readonly absent?: true;
  /** Drains at most `limit` packets without waiting. Throws an `FfiError` when the source is broken. */
  read(limit: number): Batch;
  /**
   * Looks, once a second, whether it is still what it was opened as; returns what is new, for the log. Throws an `FfiError`
   * when it no longer is.
   */
  check?(): readonly string[];
  /** Who looks at TCP SYNs: those of a sender that still count, the newest first. */
  synsOf?(source: Ip): readonly SeenSyn[];
  /** Packets seen and dropped by kernel and interface since the start; null where the mode has no such figures. */
  statistics(): { readonly received: number; readonly dropped: number; readonly interfaceDropped: number } | null;
}
