/** Frames built by hand, layer by layer, for tests: with the right to be wrong in any field. */
import { parseIp } from "../../../lib/net/address.ts";

/** Joins parts. */
export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Network-order 16 bits. */
export function be16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function be32(value: number): number[] {
  return [...be16(value >>> 16), ...be16(value & 0xffff)];
}

/** The bytes of an address. */
export function ipBytes(text: string): Uint8Array {
  // A mapped address has to be spelled out here: it would come back as IPv4.
  if (text.startsWith("::ffff:")) return join(new Uint8Array(10), [0xff, 0xff], ipBytes(text.slice(7)));
  const ip = parseIp(text);
  if (!ip.ok) throw new RangeError(`"text" expected an address, got ${text}`);
  return ip.value.bytes;
}

/** `length` different-looking bytes. */
export function payloadOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

export interface UdpFields {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Length field; default: right. */
  readonly length?: number;
}

export function udp(payload: Uint8Array, fields: UdpFields = {}): Uint8Array<ArrayBuffer> {
  const { sourcePort = 40000, destinationPort = 62201, length = payload.length + 8 } = fields;
  return join(be16(sourcePort), be16(destinationPort), be16(length), [0, 0], payload);
}

/** `offset` in words of 4 bytes; what is over 5 is filled with no-operation options. */
export function tcp(payload: Uint8Array, offset = 5, flags = 0x18): Uint8Array<ArrayBuffer> {
  const options = new Uint8Array(Math.max(offset - 5, 0) * 4).fill(1);
  const head = [...be16(40000), ...be16(62201), ...be32(1), ...be32(0), offset << 4, flags, ...be16(1024), 0, 0, 0, 0];
  return join(head, options, payload);
}

export function icmp(payload: Uint8Array, type = 8): Uint8Array<ArrayBuffer> {
  return join([type, 0, 0, 0, 0, 1, 0, 1], payload);
}

export interface Ipv4Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: number;
  /** Words of 4 bytes. */
  readonly headerWords?: number;
  readonly totalLength?: number;
  /** Flags and offset as they stand in the header: 0x2000 more fragments, 0x4000 do not fragment. */
  readonly fragment?: number;
  readonly version?: number;
}

export function ipv4(body: Uint8Array, fields: Ipv4Fields = {}): Uint8Array<ArrayBuffer> {
  const { source = "192.0.2.1", destination = "198.51.100.2", protocol = 17, headerWords = 5 } = fields;
  const { totalLength = headerWords * 4 + body.length, fragment = 0x4000, version = 4 } = fields;
  const head = [(version << 4) | headerWords, 0, ...be16(totalLength), 0, 1, ...be16(fragment), 64, protocol, 0, 0];
  const options = new Uint8Array(Math.max(headerWords - 5, 0) * 4).fill(1);
  return join(head, ipBytes(source), ipBytes(destination), options, body);
}

export interface Ipv6Fields {
  readonly source?: string;
  readonly destination?: string;
  /** Of the last header. */
  readonly protocol?: number;
  readonly payloadLength?: number;
  /** Extension headers before the transport: type and whole bytes, whose first byte is set to what follows. */
  readonly extensions?: readonly (readonly [type: number, bytes: readonly number[]])[];
}

export function ipv6(body: Uint8Array, fields: Ipv6Fields = {}): Uint8Array<ArrayBuffer> {
  const { source = "2001:db8::1", destination = "2001:db8::2", protocol = 17, extensions = [] } = fields;
  const following = [...extensions.map(([type]) => type), protocol];
  const chain = extensions.flatMap(([, bytes], index) => [following[index + 1] ?? 0, ...bytes.slice(1)]);
  const { payloadLength = chain.length + body.length } = fields;
  const head = [0x60, 0, 0, 0, ...be16(payloadLength), following[0] ?? 0, 64];
  return join(head, ipBytes(source), ipBytes(destination), chain, body);
}

const MAC = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/** Ethernet II; each tag is a type and an identifier. */
export function ethernet(
  type: number,
  body: Uint8Array,
  tags: readonly (readonly [type: number, id: number])[] = [],
): Uint8Array<ArrayBuffer> {
  return join(MAC, tags.flatMap(([tag, id]) => [...be16(tag), ...be16(id)]), be16(type), body);
}

/** Linux cooked v1. */
export function cooked(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(be16(0), be16(1), be16(6), [2, 0, 0, 0, 0, 1, 0, 0], be16(type), body);
}

/** Linux cooked v2. */
export function cooked2(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(be16(type), be16(0), be32(2), be16(1), [0, 6], [2, 0, 0, 0, 0, 1, 0, 0], body);
}

/** PPPoE session frame without the Ethernet header. */
export function pppoe(protocol: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return join([0x11, 0], be16(1), be16(body.length + 2), be16(protocol), body);
}

export interface CaptureFileOptions {
  readonly linkType: number;
  readonly nanoseconds?: boolean;
  readonly bigEndian?: boolean;
  /** Unix seconds of the first packet; each further one comes 1.25 ms later. */
  readonly start?: number;
  /** Bytes kept of each frame. */
  readonly snaplen?: number;
}

/** A capture file in the classic format (pcap-savefile(5)). */
export function captureFile(frames: readonly Uint8Array[], options: CaptureFileOptions): Uint8Array<ArrayBuffer> {
  const little = options.bigEndian !== true;
  const snaplen = options.snaplen ?? 65535;
  const word = (value: number) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, little);
    return new Uint8Array(view.buffer);
  };
  const half = (value: number) => little ? be16(value).reverse() : be16(value);
  const magic = options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const head = join(word(magic), half(2), half(4), word(0), word(0), word(snaplen), word(options.linkType));
  const records = frames.map((frame, index) => {
    const kept = frame.subarray(0, snaplen);
    const fraction = index * (options.nanoseconds ? 1_250_000 : 1250);
    return join(word(options.start ?? 1_700_000_000), word(fraction), word(kept.length), word(frame.length), kept);
  });
  return join(head, ...records);
}
