/** Packets from a capture file (PCAP_FILE): for tests and for looking into what happened. */
import { openCaptureFile } from "../../ffi/pcap/capture.ts";
import { readFrames } from "./frames.ts";
import type { PacketSource } from "./datagram.ts";

/**
 * Reads a capture file from its start; the time of a packet is that of its capture.
 *
 * @throws {FfiError} when the file or the filter cannot be used
 * @tags allow-ffi
 */
export function openCaptureFileSource(options: { readonly path: string; readonly filter: string }): PacketSource {
  const capture = openCaptureFile(options);
  const lines = [`Reading pcap file: ${options.path}`];
  if (options.filter !== "") lines.push(`PCAP filter is: '${options.filter}'`);
  return {
    banner: lines,
    fd: null,
    read: readFrames(capture),
    statistics: () => null,
    [Symbol.dispose]: () => capture[Symbol.dispose](),
  };
}
