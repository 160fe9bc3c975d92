/**
 * Whole IP packets for the raw transports (facts/client 8): IPv4 (RFC 791) or IPv6 (RFC 8200) header, then UDP
 * (RFC 768), a TCP SYN (RFC 9293) or ICMP (RFC 792, RFC 4443), then the payload. Pure: what should be random is given.
 */
import type { Ip } from "./address.ts";

/** From where to where. Both of one family. */
export interface CraftRoute {
  readonly source: Ip;
  readonly destination: Ip;
  /** Identification of the IPv4 header, 0 to 65535. */
  readonly id: number;
}

/** Ports of {@link craftUdp} and {@link craftTcpSyn}. */
export interface CraftPorts {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Header of {@link craftIcmp}. */
export interface CraftIcmp {
  /** In terms of ICMP for IPv4; 0 and 8 (echo reply, echo request) become 129 and 128 on IPv6. */
  readonly type: number;
  readonly code: number;
  /** Identifier of an echo request; other kinds carry zeros. */
  readonly echoId: number;
}

const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
const TTL = 255;
const SYN = 0x02;
const TCP_WINDOW = 32767;
/** Where the checksum stands in each header. */
const CHECKSUM_AT = { icmp: 2, udp: 6, tcp: 16 } as const;

/** One UDP datagram. */
export function craftUdp(route: CraftRoute, ports: CraftPorts, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const segment = withPayload(8, payload);
  const view = new DataView(segment.buffer);
  view.setUint16(0, ports.sourcePort);
  view.setUint16(2, ports.destinationPort);
  view.setUint16(4, segment.length);
  // RFC 768: a sum of zero goes out as all ones, because zero says "no checksum".
  view.setUint16(CHECKSUM_AT.udp, pseudoChecksum(route, PROTOCOL.udp, segment) || 0xffff);
  return wrap(route, PROTOCOL.udp, segment);
}

/** A TCP segment that looks like the first of a connection, with the payload behind its header. */
export function craftTcpSyn(route: CraftRoute, ports: CraftPorts, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const segment = withPayload(20, payload);
  const view = new DataView(segment.buffer);
  view.setUint16(0, ports.sourcePort);
  view.setUint16(2, ports.destinationPort);
  view.setUint32(4, 1);
  view.setUint8(12, 5 << 4);
  view.setUint8(13, SYN);
  view.setUint16(14, TCP_WINDOW);
  view.setUint16(CHECKSUM_AT.tcp, pseudoChecksum(route, PROTOCOL.tcp, segment));
  return wrap(route, PROTOCOL.tcp, segment);
}

/** One ICMP or ICMPv6 message. */
export function craftIcmp(route: CraftRoute, icmp: CraftIcmp, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const segment = withPayload(8, payload);
  const view = new DataView(segment.buffer);
  const echoRequest = icmp.type === 8 && icmp.code === 0;
  const v6 = route.destination.family === 6;
  view.setUint8(0, v6 ? ICMPV6_TYPE[icmp.type] ?? icmp.type : icmp.type);
  view.setUint8(1, icmp.code);
  if (echoRequest) {
    view.setUint16(4, icmp.echoId);
    view.setUint16(6, 1);
  }
  const protocol = v6 ? PROTOCOL.icmpv6 : PROTOCOL.icmp;
  view.setUint16(CHECKSUM_AT.icmp, v6 ? pseudoChecksum(route, protocol, segment) : internetChecksum(segment));
  return wrap(route, protocol, segment);
}

/** The counterparts of ICMP's echo reply and echo request (RFC 4443 section 4). */
const ICMPV6_TYPE: Readonly<Record<number, number>> = { 0: 129, 8: 128 };

/** The one's complement sum of RFC 1071 over all 16-bit words; an odd last byte counts as the high one. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** RFC 768/9293 pseudo header for IPv4, RFC 8200 section 8.1 for IPv6, summed with the segment. */
function pseudoChecksum({ source, destination }: CraftRoute, protocol: number, segment: Uint8Array): number {
  const tail = new DataView(new ArrayBuffer(8));
  tail.setUint32(0, segment.length);
  tail.setUint32(4, protocol);
  return internetChecksum(source.bytes, destination.bytes, new Uint8Array(tail.buffer), segment);
}

function withPayload(headerLength: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const segment = new Uint8Array(headerLength + payload.length);
  segment.set(payload, headerLength);
  return segment;
}

function wrap(route: CraftRoute, protocol: number, segment: Uint8Array): Uint8Array<ArrayBuffer> {
  if (route.source.family !== route.destination.family) {
    throw new RangeError(`"source" expected IPv${route.destination.family}, got "${route.source.text}"`);
  }
  return route.destination.family === 4 ? wrapIpv4(route, protocol, segment) : wrapIpv6(route, protocol, segment);
}

function wrapIpv4(route: CraftRoute, protocol: number, segment: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = withPayload(20, segment);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint16(4, route.id);
  view.setUint8(8, TTL);
  view.setUint8(9, protocol);
  packet.set(route.source.bytes, 12);
  packet.set(route.destination.bytes, 16);
  view.setUint16(10, internetChecksum(packet.subarray(0, 20)));
  return packet;
}

function wrapIpv6(route: CraftRoute, protocol: number, segment: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = withPayload(40, segment);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, segment.length);
  view.setUint8(6, protocol);
  view.setUint8(7, TTL);
  packet.set(route.source.bytes, 8);
  packet.set(route.destination.bytes, 24);
  return packet;
}
