/** Packets from an interface: the default way, which works on ports where nothing listens (facts/packets 1). */
import { type LiveOptions, openLiveCapture } from "../../ffi/pcap/capture.ts";
import type { Capture } from "../../ffi/pcap/frames.ts";
import { readFrames } from "./frames.ts";
import type { PacketSource } from "./datagram.ts";

/**
 * The kernel's ring: about 2,600 frames at the default snap length, what comes in 130 ms at 20,000 packets a second. libpcap's
 * own 2 MiB are full after a few milliseconds of a flood, and a turn that records a digest and opens a grant can take that
 * long. All of it counts as memory of the daemon from the start, a quarter more than is asked for: two frames have a page, and
 * three would only where packets of 1,250 bytes and more are cut, as GnuPG makes them. The kernel's other kind of ring, which packs
 * frames tightly, hands a packet on a millisecond later.
 */
const RING_BYTES = 4 * 1024 * 1024;

/**
 * Listens on an interface, or on `any`.
 *
 * A source whose interface was taken down throws `FfiError` with code `E.NETDOWN` once and goes on when it is up
 * again; one whose interface is gone throws with code `E.NODEV` and stays broken.
 *
 * @throws {FfiError} with a hint for the operator when the interface or the filter cannot be used
 * @tags allow-ffi
 */
export function openPcapSource(options: LiveOptions): PacketSource {
  const capture = openLiveCapture({ bufferBytes: RING_BYTES, ...options });
  return {
    banner: banner(options, capture),
    fd: capture.fd,
    read: readFrames(capture),
    check: () => capture.check() === null ? [] : [`Interface ${options.device} is up again`],
    statistics: () => capture.statistics(),
    [Symbol.dispose]: () => capture[Symbol.dispose](),
  };
}

function banner(options: LiveOptions, capture: Capture): string[] {
  const lines = [`Sniffing interface: ${options.device}`];
  if (options.filter !== "") lines.push(`PCAP filter is: '${options.filter}'`);
  if (capture.directionProblem !== null) {
    lines.push(`Packets that this host sends are looked at too: pcap_setdirection says "${capture.directionProblem}"`);
  }
  return lines;
}
