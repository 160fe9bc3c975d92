/** An open `pcap_t`: draining it, its counters, its end. */
import { E } from "../abi.ts";
import type { FfiError } from "../errors.ts";
import { copyInto } from "../memory.ts";
import * as pcap from "./constants.ts";
import { lastError, pcapFailure } from "./failures.ts";
import type { Capture, CaptureStatistics, FilePlace, Frame, FrameVisitor } from "./frames.ts";
import type { GrowingFile } from "./growing_file.ts";
import { interfaceIndex, interfaceIsDown } from "./interface_state.ts";
import { libpcap } from "./symbols.ts";

/** How libpcap begins what it says of a file that ends too early. */
export const TRUNCATED = /^truncated (?:pcapng )?dump file/;

/** What the openers know about a handle. */
export interface OpenedHandle {
  /** Address of the `pcap_t`, which the capture owns from now on. */
  readonly handle: bigint;
  /** The interface, or the file, for messages. */
  readonly name: string;
  /** Null: a capture file. */
  readonly fd: number | null;
  /** Null: an interface. */
  readonly file: GrowingFile | null;
  readonly snaplen: number;
  readonly inboundOnly: boolean;
  readonly directionProblem: string | null;
}

/** The libpcap side of {@link Capture}. */
export class PcapHandle implements Capture {
  readonly fd: number | null;
  readonly linkType: number;
  readonly inboundOnly: boolean;
  readonly directionProblem: string | null;
  readonly #name: string;
  readonly #file: GrowingFile | null;
  #handle: bigint;
  #ended = false;
  #reportedDown = false;
  /** It was down, and nobody was told yet that it no longer is. */
  #cameUp = false;
  /** The interface that had the name when it was opened; null for a file, and for `any`. */
  readonly #index: number | null;
  /** Where `pcap_next_ex` puts the addresses of header and data, and where both are copied to. */
  readonly #headerAt = new BigUint64Array(1);
  readonly #dataAt = new BigUint64Array(1);
  readonly #header = new DataView(new ArrayBuffer(pcap.PCAP_PKTHDR_SIZE));
  readonly #headerBytes = new Uint8Array(this.#header.buffer);
  #data: Uint8Array<ArrayBuffer>;

  constructor(opened: OpenedHandle) {
    this.#handle = opened.handle;
    this.#name = opened.name;
    this.#file = opened.file;
    this.#data = new Uint8Array(opened.snaplen);
    this.fd = opened.fd;
    this.#index = opened.fd === null ? null : interfaceIndex(opened.fd, opened.name);
    this.inboundOnly = opened.inboundOnly;
    this.directionProblem = opened.directionProblem;
    this.linkType = libpcap().pcap_datalink(opened.handle);
  }

  get ended(): boolean {
    return this.#ended;
  }

  drain(limit: number, visit: FrameVisitor): number {
    const { pcap_next_ex } = libpcap();
    const handle = this.#open();
    this.#ended = false;
    for (let taken = 0; taken < limit; taken++) {
      const begin = this.#file?.position() ?? 0;
      const status = pcap_next_ex(handle, this.#headerAt, this.#dataAt);
      if (status !== 1) {
        if (this.#file === null) this.#stop(status, taken, this.fd ?? -1);
        else this.#stopFile(status, begin, this.#file);
        return taken;
      }
      this.#show(visit);
    }
    return limit;
  }

  get place(): FilePlace | null {
    return this.#file;
  }

  next(limit: number): Frame[] {
    const frames: Frame[] = [];
    this.drain(limit, (bytes, wireLength, timestampMs) => {
      frames.push({ bytes: bytes.slice(), wireLength, timestampMs });
    });
    return frames;
  }

  statistics(): CaptureStatistics | null {
    if (this.fd === null) return null;
    const counters = new Uint32Array(pcap.PCAP_STAT_SIZE / 4);
    const handle = this.#open();
    if (libpcap().pcap_stats(handle, counters) < 0) throw this.#failed("pcap_stats");
    const [received = 0, dropped = 0, interfaceDropped = 0] = counters;
    return { received, dropped, interfaceDropped };
  }

  check(): "up again" | null {
    this.#open();
    if (this.fd === null || this.#index === null) return null;
    if (interfaceIndex(this.fd, this.#name) !== this.#index) {
      throw this.#broken("it is gone, or has another name now", { code: E.NODEV });
    }
    this.#checkInterface(this.fd);
    const news = this.#cameUp;
    this.#cameUp = false;
    return news ? "up again" : null;
  }

  [Symbol.dispose](): void {
    if (this.#handle === 0n) return;
    libpcap().pcap_close(this.#handle);
    this.#handle = 0n;
  }

  #open(): bigint {
    if (this.#handle === 0n) throw pcapFailure(`Cannot read from "${this.#name}": the capture is closed`);
    return this.#handle;
  }

  #show(visit: FrameVisitor): void {
    const header = this.#header;
    copyInto(this.#headerBytes, this.#headerAt[0] ?? 0n, pcap.PCAP_PKTHDR_SIZE);
    const captured = header.getUint32(16, true);
    if (captured > this.#data.length) this.#data = new Uint8Array(captured);
    copyInto(this.#data, this.#dataAt[0] ?? 0n, captured);
    // The seconds of a file are 32 bits without a sign, which libpcap 1.10 extends as if they had one.
    const seconds = header.getUint32(0, true) + Math.max(header.getInt32(4, true), 0) * 0x1_0000_0000;
    const timestampMs = seconds * 1000 + header.getUint32(8, true) / 1000;
    visit(this.#data.subarray(0, captured), header.getUint32(20, true), timestampMs);
  }

  /** No frame came: nothing is waiting, or something is wrong. */
  #stop(status: number, taken: number, fd: number): void {
    if (status < 0) throw this.#failed("pcap_next_ex");
    if (taken > 0) this.#isUp();
    else this.#checkInterface(fd);
  }

  /** What is half written waits for the rest: it is read again from where it begins. */
  #stopFile(status: number, begin: number, file: GrowingFile): void {
    this.#ended = true;
    const goesOn = status === pcap.PCAP_ERROR_BREAK || status === 0 || TRUNCATED.test(lastError(this.#handle));
    if (!goesOn) throw this.#failed("pcap_next_ex");
    file.seek(begin);
  }

  /** An empty read is how libpcap passes over an interface that was taken down. */
  #checkInterface(fd: number): void {
    if (!interfaceIsDown(fd, this.#name)) return this.#isUp();
    if (this.#reportedDown) return;
    this.#reportedDown = true;
    throw this.#broken("it was taken down", {
      code: E.NETDOWN,
      hint: `capture goes on as soon as it is up again: ip link set dev ${this.#name} up`,
    });
  }

  #isUp(): void {
    this.#cameUp ||= this.#reportedDown;
    this.#reportedDown = false;
  }

  #broken(why: string, details: { readonly code: number; readonly hint?: string }): FfiError {
    return pcapFailure(`Cannot read from interface "${this.#name}": ${why}`, { symbol: "pcap_next_ex", ...details });
  }

  #failed(symbol: string): FfiError {
    const said = lastError(this.#handle);
    const gone = said === "The interface disappeared";
    const what = this.fd === null ? "capture file" : "interface";
    return pcapFailure(`Cannot read from ${what} "${this.#name}": ${said}`, {
      symbol,
      ...(gone ? { code: E.NODEV, hint: "start again when it is back" } : {}),
    });
  }
}
