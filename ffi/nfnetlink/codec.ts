/**
 * Netlink messages as bytes, both ways, and attributes to send; `scan.ts` reads those. Pure: no socket, no clock. Headers are in host order (every
 * platform Deno runs on is little-endian), the integers of nfnetlink attributes are big-endian.
 */
import { NFNL_SUBSYS_NFTABLES, NLA_F_NESTED } from "./constants.ts";

/** Bytes of `struct nlmsghdr`. */
const HEADER_SIZE = 16;
/** Bytes of `struct nfgenmsg`. */
const NFGENMSG_SIZE = 4;

/** One attribute to send: its number, and its payload or the attributes nested in it. */
export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array | readonly Attribute[];
}

/** One message to send. */
export interface OutgoingMessage {
  /** Complete `nlmsg_type`: see {@link nftType}. */
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** `nfgen_family`. */
  readonly family: number;
  /** `res_id`; only batch begin and end use it. */
  readonly resId?: number;
  readonly attributes?: readonly Attribute[];
}

/** One message as received. `body` is everything after the header. */
export interface IncomingMessage {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** Port of the socket whose request caused it. */
  readonly portId: number;
  readonly body: Uint8Array;
}

const utf8 = new TextEncoder();

/** `nlmsg_type` of an nf_tables message. */
export function nftType(message: number): number {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

/** The bytes of names that were sent: those of our few tables and sets come again with each grant. */
const sent = new Map<string, Uint8Array>();
const MAX_SENT = 64;

/** An attribute with a NUL-terminated string. */
export function stringAttribute(type: number, text: string): Attribute {
  const known = sent.get(text);
  if (known !== undefined) return { type, value: known };
  const value = utf8.encode(`${text}\0`);
  if (sent.size >= MAX_SENT) sent.clear();
  sent.set(text, value);
  return { type, value };
}

/** An attribute with a big-endian 32-bit number. */
export function be32Attribute(type: number, value: number): Attribute {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return { type, value: bytes };
}

/** An attribute with a big-endian 64-bit number. */
export function be64Attribute(type: number, value: bigint): Attribute {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return { type, value: bytes };
}

/** Messages one after the other, each padded to four bytes, as one `sendto` takes them. */
export function encodeMessages(messages: readonly OutgoingMessage[]): Uint8Array<ArrayBuffer> {
  const sizes = messages.map((message) => HEADER_SIZE + NFGENMSG_SIZE + attributesSize(message.attributes ?? []));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [index, message] of messages.entries()) {
    const size = sizes[index] ?? 0;
    view.setUint32(offset, size, true);
    view.setUint16(offset + 4, message.type, true);
    view.setUint16(offset + 6, message.flags, true);
    view.setUint32(offset + 8, message.seq, true);
    // Port 0 addresses the kernel; nfgenmsg follows: family, version 0, resource id.
    view.setUint8(offset + HEADER_SIZE, message.family);
    view.setUint16(offset + HEADER_SIZE + 2, message.resId ?? 0);
    writeAttributes({ view, bytes }, offset + HEADER_SIZE + NFGENMSG_SIZE, message.attributes ?? []);
    offset += size;
  }
  return bytes;
}

/** Splits what one `recv` gave. Stops at the first message whose length makes no sense. */
export function readMessages(bytes: Uint8Array): IncomingMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: IncomingMessage[] = [];
  let offset = 0;
  while (offset + HEADER_SIZE <= bytes.length) {
    const size = view.getUint32(offset, true);
    if (size < HEADER_SIZE || offset + size > bytes.length) break;
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      seq: view.getUint32(offset + 8, true),
      portId: view.getUint32(offset + 12, true),
      body: bytes.subarray(offset + HEADER_SIZE, offset + size),
    });
    offset += align(size);
  }
  return messages;
}

/**
 * The bytes of a concatenated key (`ipv4_addr . inet_proto . inet_service`): each component starts on a multiple of four
 * bytes, filled up with zeros behind it.
 */
export function concatenate(components: readonly Uint8Array[]): Uint8Array {
  const key = new Uint8Array(components.reduce((sum, component) => sum + align(component.length), 0));
  let offset = 0;
  for (const component of components) {
    key.set(component, offset);
    offset += align(component.length);
  }
  return key;
}

/** The components of a concatenated key, given their lengths; null when the key is shorter than they need. */
export function split(key: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] | null {
  const components: Uint8Array[] = [];
  let offset = 0;
  for (const length of lengths) {
    if (offset + length > key.length) return null;
    components.push(key.subarray(offset, offset + length));
    offset += align(length);
  }
  return components;
}

function align(size: number): number {
  return (size + 3) & ~3;
}

function attributesSize(attributes: readonly Attribute[]): number {
  return attributes.reduce((sum, attribute) => sum + align(attributeSize(attribute)), 0);
}

function attributeSize({ value }: Attribute): number {
  return 4 + (value instanceof Uint8Array ? value.length : attributesSize(value));
}

/** The same memory in two ways. */
interface Target {
  readonly view: DataView<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function writeAttributes(target: Target, start: number, attributes: readonly Attribute[]): void {
  const { view, bytes } = target;
  let offset = start;
  for (const attribute of attributes) {
    const { type, value } = attribute;
    const size = attributeSize(attribute);
    view.setUint16(offset, size, true);
    if (value instanceof Uint8Array) {
      view.setUint16(offset + 2, type, true);
      bytes.set(value, offset + 4);
    } else {
      view.setUint16(offset + 2, type | NLA_F_NESTED, true);
      writeAttributes(target, offset + 4, value);
    }
    offset += align(size);
  }
}
