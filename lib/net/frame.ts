/**
 * The transport payload of a captured frame. Pure; hostile bytes become a fault, never an exception. Decodes what
 * fwknopd 2.6.11 decodes (facts/packets 1) and more: IPv6, IP options, two VLAN tags,
 * raw IP, fragments.
 */
import { fail, ok, type Result } from "../result.ts";
import { type Ip, ipFromBytes } from "./address.ts";
import { findNetworkStart } from "./frame_link.ts";

/** One payload and where it came from. */
export interface FrameView {
  readonly source: Ip;
  readonly destination: Ip;
  /** 6 (TCP), 17 (UDP), 1 (ICMP) or 58 (ICMPv6). */
  readonly protocol: number;
  /** 0 for ICMP. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** A view into the frame: valid as long as the frame's bytes are. */
  readonly payload: Uint8Array;
}

/** Why a frame has no payload for us. */
export type FrameFault =
  /** A link type that is not understood: true of every frame of the capture. */
  | "link-type"
  /** ARP, LLC, … or cut inside the link layer. */
  | "not-ip"
  /** The IP header contradicts itself or the link layer. */
  | "ip-header"
  /** Cut by the snap length, or shorter than it claims. */
  | "cut"
  /** First or later fragment: the payload would not be whole. */
  | "fragment"
  /** Neither UDP, TCP nor ICMP. */
  | "protocol"
  /** The header of UDP or TCP contradicts the packet. */
  | "transport-header"
  /** Outside the caller's limits. */
  | "payload-length"
  /** IPv4-mapped addresses in an IPv6 header: they can only be forged, and Linux drops such packets too. */
  | "mapped-address";

/** What the caller cares about. */
export interface FrameOptions {
  /** Payload lengths of interest, both inclusive; checked before anything is built. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Makes the addresses, from views into the frame: a caller that sees many packets may remember some. */
  readonly toIp?: (bytes: Uint8Array) => Ip;
}

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

/** Extension headers of IPv6 with the length in units of 8 bytes: hop-by-hop, routing, destination options. */
const EXTENSIONS: readonly number[] = [0, 43, 60];
const FRAGMENT = 44;
const AUTHENTICATION = 51;

/** The extent of an IP payload: where the transport header starts, where the packet ends, and its protocol. */
interface Transport {
  readonly offset: number;
  readonly end: number;
  readonly protocol: number;
}

/** A packet in a frame: the same, and where its IP header starts. All of it is in the frame. */
export interface PacketPlace extends Transport {
  readonly version: 4 | 6;
  readonly ip: number;
}

/**
 * Finds the packet of a frame, and its transport header, of which nothing is looked at.
 *
 * @param frame from the first byte of the link layer, perhaps cut by the snap length
 * @param linkType `pcap_datalink` number
 */
export function findPacketPlace(frame: Uint8Array, linkType: number): PacketPlace | FrameFault {
  const start = findNetworkStart(frame, linkType);
  if (typeof start === "string") return start;
  const ip = start.offset;
  if (ip >= frame.length) return "cut";
  const version = byte(frame, ip) >> 4;
  if ((version !== 4 && version !== 6) || (start.family !== 0 && start.family !== version)) return "ip-header";
  const transport = version === 4 ? readIpv4(frame, ip) : readIpv6(frame, ip);
  if (typeof transport === "string") return transport;
  return { ...transport, version, ip };
}

/**
 * Finds the payload of a frame.
 *
 * @param frame from the first byte of the link layer, perhaps cut by the snap length
 * @param linkType `pcap_datalink` number
 */
export function viewFrame(
  frame: Uint8Array,
  linkType: number,
  options: FrameOptions = {},
): Result<FrameView, FrameFault> {
  const transport = findPacketPlace(frame, linkType);
  if (typeof transport === "string") return fail(transport);
  const { ip: at, version } = transport;
  const from = payloadStart(frame, transport);
  if (typeof from === "string") return fail(from);
  const end = transport.protocol === UDP ? transport.offset + word(frame, transport.offset + 4) : transport.end;
  const { maximum = Infinity, minimum = 0, toIp = ipFromBytes } = options;
  if (end - from < minimum || end - from > maximum) return fail("payload-length");
  const addresses = version === 4 ? at + 12 : at + 8;
  const size = version === 4 ? 4 : 16;
  if (version === 6 && (isMapped(frame, addresses) || isMapped(frame, addresses + 16))) return fail("mapped-address");
  const ports = transport.protocol === UDP || transport.protocol === TCP;
  return ok({
    source: toIp(frame.subarray(addresses, addresses + size)),
    destination: toIp(frame.subarray(addresses + size, addresses + 2 * size)),
    protocol: transport.protocol,
    sourcePort: ports ? word(frame, transport.offset) : 0,
    destinationPort: ports ? word(frame, transport.offset + 2) : 0,
    payload: frame.subarray(from, end),
  });
}

/** RFC 791. What follows the total length is padding or a frame check sequence; what is missing was cut. */
function readIpv4(frame: Uint8Array, at: number): Transport | FrameFault {
  if (at + 20 > frame.length) return "cut";
  const header = (byte(frame, at) & 0x0f) * 4;
  const total = word(frame, at + 2);
  if (header < 20 || total < header) return "ip-header";
  if (at + total > frame.length) return "cut";
  // More-fragments flag or an offset.
  if ((word(frame, at + 6) & 0x3fff) !== 0) return "fragment";
  const protocol = byte(frame, at + 9);
  if (protocol !== UDP && protocol !== TCP && protocol !== ICMP) return "protocol";
  return { offset: at + header, end: at + total, protocol };
}

/** RFC 8200. Ends because each extension header has at least 8 bytes. */
function readIpv6(frame: Uint8Array, at: number): Transport | FrameFault {
  if (at + 40 > frame.length) return "cut";
  const end = at + 40 + word(frame, at + 4);
  if (end > frame.length) return "cut";
  let protocol = byte(frame, at + 6);
  let offset = at + 40;
  while (EXTENSIONS.includes(protocol) || protocol === AUTHENTICATION) {
    if (offset + 8 > end) return "ip-header";
    const length = byte(frame, offset + 1);
    // RFC 4302 counts the authentication header in units of 4 bytes, less 2.
    const size = protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
    protocol = byte(frame, offset);
    offset += size;
    if (offset > end) return "ip-header";
  }
  if (protocol === FRAGMENT) return "fragment";
  if (protocol !== UDP && protocol !== TCP && protocol !== ICMPV6) return "protocol";
  return { offset, end, protocol };
}

/** Where the payload starts; for UDP also that its own length lies inside the packet. TCP flags do not matter. */
function payloadStart(frame: Uint8Array, { offset, end, protocol }: Transport): number | FrameFault {
  if (protocol === TCP) {
    if (offset + 20 > end) return "transport-header";
    const header = (byte(frame, offset + 12) >> 4) * 4;
    return header < 20 || offset + header > end ? "transport-header" : offset + header;
  }
  if (offset + 8 > end) return "transport-header";
  if (protocol === UDP) {
    const length = word(frame, offset + 4);
    if (length < 8 || offset + length > end) return "transport-header";
  }
  return offset + 8;
}

/** `::ffff:0:0/96` */
function isMapped(frame: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (frame[at + i] !== 0) return false;
  return frame[at + 10] === 0xff && frame[at + 11] === 0xff;
}

/** Callers have checked that the byte is there. */
function byte(frame: Uint8Array, at: number): number {
  return frame[at] ?? 0;
}

/** Network-order 16 bits. */
function word(frame: Uint8Array, at: number): number {
  return (byte(frame, at) << 8) | byte(frame, at + 1);
}
