/** An open capture and the frames that it gives. Reading never waits: the caller polls {@link Capture.fd}. */

/** One frame, owned by the receiver. */
export interface Frame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length on the wire; `bytes` is shorter where the snap length cut it. */
  readonly wireLength: number;
  /** Unix milliseconds with a fraction, as precise as the capture is. */
  readonly timestampMs: number;
}

/** Looks at one frame. `bytes` is valid during the call only. */
export type FrameVisitor = (bytes: Uint8Array<ArrayBuffer>, wireLength: number, timestampMs: number) => void;

/** Counters since the start of a live capture. */
export interface CaptureStatistics {
  readonly received: number;
  /** Lost because nobody drained in time. */
  readonly dropped: number;
  readonly interfaceDropped: number;
}

/** How far a capture file was read. */
export interface FilePlace {
  /** Bytes that it had when it was opened. */
  readonly size: number;
  /** Bytes that were read. */
  position(): number;
  /** Whether another file has its name now, or it was cut shorter than it was read. */
  isReplaced(): boolean;
}

/** An open capture. */
export interface Capture extends Disposable {
  /** Readable (POLLIN) when frames wait, or when the interface failed; null for a capture file. */
  readonly fd: number | null;
  /** DLT_ number of the frames (pcap-linktype(7)). */
  readonly linkType: number;
  /** Whether only incoming frames are delivered. */
  readonly inboundOnly: boolean;
  /** Why `direction: "in"` could not be had, for a log; null otherwise. */
  readonly directionProblem: string | null;
  /** Whether a capture file was read to its end, as it was then. Never so for a live capture. */
  readonly ended: boolean;
  /**
   * Takes at most `limit` frames without waiting and shows each to `visit`; returns how many were taken. Meant
   * for floods of packets: nothing is allocated per frame.
   *
   * Throws `FfiError` with code `E.NETDOWN` when the interface was taken down (once; capture goes on when it comes
   * up again), with code `E.NODEV` when it is gone, and with libpcap's text otherwise. Frames already shown stay shown.
   */
  drain(limit: number, visit: FrameVisitor): number;
  /** How far a capture file was read; null for a live capture. */
  readonly place: FilePlace | null;
  /** The same, as owned copies. */
  next(limit: number): Frame[];
  /**
   * Looks at the interface without reading: `up again` once after it was down. Throws as {@link drain} does, and with code
   * `E.NODEV` also when another interface has the name now, or none.
   */
  check(): "up again" | null;
  /** Counters of a live capture; null for a file. */
  statistics(): CaptureStatistics | null;
}
