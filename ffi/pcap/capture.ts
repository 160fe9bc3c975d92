/**
 * Packets from an interface or a capture file through libpcap. What a link-layer frame contains is not known here.
 */
import { cString } from "../memory.ts";
import * as pcap from "./constants.ts";
import { activationFailure, checkStatus, errbufText, filterFailure, lastError, pcapFailure } from "./failures.ts";
import type { Capture } from "./frames.ts";
import { closeStream, openGrowingFile } from "./growing_file.ts";
import { type OpenedHandle, PcapHandle, TRUNCATED } from "./handle.ts";
import { libpcap } from "./symbols.ts";

/** How to listen on an interface. */
export interface LiveOptions {
  /** Interface name, or `any`. */
  readonly device: string;
  /** pcap-filter(7) text; empty lets everything in. */
  readonly filter: string;
  /** Bytes kept of each frame. */
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /** `in` leaves out what this host sends (where the link type can tell). */
  readonly direction: "in" | "any";
  /** Size of the kernel's ring; libpcap's own default (2 MiB) without it. */
  readonly bufferBytes?: number;
}

/**
 * Starts listening on an interface.
 *
 * @throws {FfiError} with a hint: libpcap is missing, the right is missing, no such interface, it is down, a bad filter.
 * @tags allow-ffi
 */
export function openLiveCapture(options: LiveOptions): Capture {
  const { device, direction, filter, snaplen } = options;
  const lib = libpcap();
  const errbuf = new Uint8Array(pcap.PCAP_ERRBUF_SIZE);
  const handle = lib.pcap_create(cString(device), errbuf);
  if (handle === 0n) throw pcapFailure(`Cannot listen on interface "${device}": ${errbufText(errbuf)}`);
  return closedOnFailure(handle, () => {
    prepare(handle, options);
    const status = lib.pcap_activate(handle);
    if (status < 0) throw activationFailure(handle, device, status);
    setFilter(handle, filter);
    const directed = setDirection(handle, direction);
    if (lib.pcap_setnonblock(handle, 1, errbuf) < 0) {
      throw pcapFailure(`Cannot listen on interface "${device}" without waiting: ${errbufText(errbuf)}`);
    }
    const fd = lib.pcap_get_selectable_fd(handle);
    if (fd < 0) throw pcapFailure(`Cannot listen on interface "${device}": it has no descriptor to wait for`);
    return new PcapHandle({ handle, name: device, fd, file: null, snaplen, ...directed });
  });
}

/**
 * Opens a capture file (pcap or pcapng, micro- or nanoseconds, either byte order), which may still be written. Null where
 * not even its header has been.
 *
 * @throws {FfiError} when libpcap is missing, the file cannot be read or the filter is bad.
 * @tags allow-ffi
 */
export function openCaptureFile(options: { readonly path: string; readonly filter: string }): Capture | null {
  const { filter, path } = options;
  const file = openGrowingFile(path);
  const errbuf = new Uint8Array(pcap.PCAP_ERRBUF_SIZE);
  const handle = libpcap().pcap_fopen_offline(file.stream, errbuf);
  if (handle === 0n) {
    closeStream(file.stream);
    const said = errbufText(errbuf);
    if (TRUNCATED.test(said)) return null;
    throw pcapFailure(`Cannot read capture file "${path}": ${said}`, { symbol: "pcap_fopen_offline" });
  }
  return closedOnFailure(handle, () => {
    setFilter(handle, filter);
    return new PcapHandle({
      handle,
      name: path,
      fd: null,
      file,
      snaplen: FILE_FRAME_SIZE,
      inboundOnly: false,
      directionProblem: null,
    });
  });
}

/**
 * Whether a filter can be used, without listening anywhere: as on `any`, or on Ethernet.
 *
 * @throws {FfiError} when libpcap is missing or the filter is bad.
 * @tags allow-ffi
 */
export function checkFilter({ device, filter, snaplen }: Pick<LiveOptions, "device" | "filter" | "snaplen">): void {
  const handle = libpcap().pcap_open_dead(device === "any" ? pcap.DLT_LINUX_SLL : pcap.DLT_EN10MB, snaplen);
  try {
    compileFilter(handle, filter, () => {});
  } finally {
    libpcap().pcap_close(handle);
  }
}

/**
 * Whether a filter lets an IP packet in, as an Ethernet frame.
 *
 * @throws {FfiError} when libpcap is missing or the filter is bad.
 * @tags allow-ffi
 */
export function filterTakes(filter: string, packet: Uint8Array): boolean {
  const frame = new Uint8Array(ETHERNET_HEADER + packet.length);
  frame.set(packet, ETHERNET_HEADER);
  new DataView(frame.buffer).setUint16(ETHERNET_HEADER - 2, ETHERTYPE_IP);
  const header = new DataView(new ArrayBuffer(pcap.PCAP_PKTHDR_SIZE));
  header.setUint32(16, frame.length, true);
  header.setUint32(20, frame.length, true);
  const handle = libpcap().pcap_open_dead(pcap.DLT_EN10MB, frame.length);
  let taken = false;
  try {
    compileFilter(handle, filter, (program) => {
      taken = libpcap().pcap_offline_filter(program, new Uint8Array(header.buffer), frame) !== 0;
    });
  } finally {
    libpcap().pcap_close(handle);
  }
  return taken;
}

const ETHERNET_HEADER = 14, ETHERTYPE_IP = 0x0800;
/** Where immediate mode cannot be had: how long the kernel may wait for more frames, as in the C program. */
const READ_TIMEOUT_MS = 100;
/** First size of the buffer for frames of a file; it grows as they need. */
const FILE_FRAME_SIZE = 2048;

function prepare(handle: bigint, options: LiveOptions): void {
  const lib = libpcap();
  checkStatus(lib.pcap_set_snaplen(handle, options.snaplen), "pcap_set_snaplen");
  checkStatus(lib.pcap_set_promisc(handle, options.promiscuous ? 1 : 0), "pcap_set_promisc");
  checkStatus(lib.pcap_set_immediate_mode(handle, 1), "pcap_set_immediate_mode");
  checkStatus(lib.pcap_set_timeout(handle, READ_TIMEOUT_MS), "pcap_set_timeout");
  if (options.bufferBytes === undefined) return;
  checkStatus(lib.pcap_set_buffer_size(handle, options.bufferBytes), "pcap_set_buffer_size");
}

function setFilter(handle: bigint, filter: string): void {
  compileFilter(handle, filter, (program) => {
    if (libpcap().pcap_setfilter(handle, program) < 0) throw filterFailure(handle, filter, "pcap_setfilter");
  });
}

function compileFilter(handle: bigint, filter: string, use: (program: Uint8Array<ArrayBuffer>) => void): void {
  const program = new Uint8Array(pcap.BPF_PROGRAM_SIZE);
  // Netmask 0 as in the C program: it matters to `ip broadcast` only, which an unknown mask would refuse.
  if (libpcap().pcap_compile(handle, program, cString(filter), 1, 0) < 0) {
    throw filterFailure(handle, filter, "pcap_compile");
  }
  try {
    use(program);
  } finally {
    libpcap().pcap_freecode(program);
  }
}

/**
 * Loopback link types cannot tell a direction (facts/packets 1). `lo` of Linux can, and libpcap shows each of its
 * packets once in any direction.
 */
function setDirection(handle: bigint, wanted: "in" | "any"): Pick<OpenedHandle, "inboundOnly" | "directionProblem"> {
  const linkType = libpcap().pcap_datalink(handle);
  if (wanted === "any" || linkType === pcap.DLT_NULL || linkType === pcap.DLT_LOOP) {
    return { inboundOnly: false, directionProblem: null };
  }
  const inboundOnly = libpcap().pcap_setdirection(handle, pcap.PCAP_D_IN) === 0;
  return { inboundOnly, directionProblem: inboundOnly ? null : lastError(handle) };
}

function closedOnFailure(handle: bigint, open: () => Capture): Capture {
  try {
    return open();
  } catch (error) {
    libpcap().pcap_close(handle);
    throw error;
  }
}
