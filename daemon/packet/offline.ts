/** Packets from a capture file (PCAP_FILE), also from one that another program is still writing. */
import { FfiError } from "../../ffi/errors.ts";
import { openCaptureFile } from "../../ffi/pcap/capture.ts";
import type { Capture } from "../../ffi/pcap/frames.ts";
import { E } from "../../ffi/abi.ts";
import { readFrames } from "./frames.ts";
import type { Batch, PacketSource } from "./datagram.ts";

/** How long to wait at the end of a file before looking whether it has grown: as fast as the C daemon looks anywhere. */
const LOOK_MS = 100;
/** Records that are passed over in one turn. */
const PASSED_AT_ONCE = 10_000;

/** What to read. */
export interface CaptureFileOptions {
  readonly path: string;
  readonly filter: string;
  /** Where in the file that is there at first; another one that takes its place is read from its begin. */
  readonly from: "begin" | "end";
}

/** A file that was opened. */
interface Opened {
  readonly capture: Capture;
  readonly read: (limit: number) => Batch;
  /** Records that begin before that are passed over. */
  readonly from: number;
}

const NOTHING: Batch = { datagrams: [], taken: 0, more: false, ended: true, again: LOOK_MS };

/**
 * Reads a capture file, and what is appended to it, and then the file that takes its place; the time of a packet is that of
 * its capture.
 *
 * @throws {FfiError} when the file or the filter cannot be used
 * @tags allow-ffi
 */
export function openCaptureFileSource(options: CaptureFileOptions): PacketSource {
  let opened = open(options, options.from === "end");
  let closed = false;
  /** What is wrong with the file; told already. */
  let spoiled: string | null = null;
  const read = (limit: number): Batch => {
    if (opened === null) {
      opened = open(options, false);
      if (opened === null) return NOTHING;
      spoiled = null;
    }
    const batch = spoiled === null ? readOn(opened, limit) : NOTHING;
    if (!batch.ended || batch.taken > 0 || !opened.capture.place?.isReplaced()) return batch;
    opened.capture[Symbol.dispose]();
    opened = null;
    return { ...NOTHING, again: 0 };
  };
  const spoil = (error: FfiError): Batch => {
    // Between two files there may be none for a while.
    const isNews = error.message !== spoiled && error.details.code !== E.NOENT;
    spoiled = error.message;
    return { ...NOTHING, warnings: isNews ? [`${error.message}: waiting for another file in its place`] : [] };
  };
  return {
    banner: banner(options),
    fd: null,
    read(limit) {
      if (closed) throw new FfiError(`Cannot read from "${options.path}": it is closed`, { library: "libpcap" });
      try {
        return read(limit);
      } catch (error) {
        if (error instanceof FfiError) return spoil(error);
        throw error;
      }
    },
    statistics: () => null,
    [Symbol.dispose]: () => {
      closed = true;
      opened?.capture[Symbol.dispose]();
      opened = null;
    },
  };
}

/** The next packets of the file, or some of those that are passed over. */
function readOn({ capture, from, read }: Opened, limit: number): Batch {
  if ((capture.place?.position() ?? 0) < from && capture.drain(PASSED_AT_ONCE, () => {}) > 0) {
    return { ...NOTHING, ended: false, again: 0 };
  }
  const batch = (capture.place?.position() ?? 0) < from ? NOTHING : read(limit);
  return batch.more ? batch : { ...batch, again: LOOK_MS };
}

function open({ path, filter }: CaptureFileOptions, passOver: boolean): Opened | null {
  const capture = openCaptureFile({ path, filter });
  if (capture === null) return null;
  return { capture, read: readFrames(capture), from: passOver ? capture.place?.size ?? 0 : 0 };
}

function banner({ path, filter }: CaptureFileOptions): string[] {
  return [`Reading pcap file: ${path}`, ...filter === "" ? [] : [`PCAP filter is: '${filter}'`]];
}
