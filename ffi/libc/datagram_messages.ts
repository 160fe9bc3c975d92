/** How the messages of recvmmsg(2) lie in memory (64-bit Linux), and what their control data says. */
import { AF_INET, AF_INET6, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET } from "../abi.ts";

const COUNT = 64;
/** struct mmsghdr: struct msghdr (56 bytes), unsigned int msg_len, padding */
const HEADER_SIZE = 64;
/** struct sockaddr_in6, rounded up */
const NAME_SIZE = 32;
/** struct iovec: void *iov_base, size_t iov_len */
const IOV_SIZE = 16;
/** Room for the packet information of one family (40 bytes) and a time stamp (32). */
const CONTROL_SIZE = 96;

/**
 * One block holds all headers, all addresses, all vectors and all control buffers (together `count * metaSize` bytes),
 * and after these the data slots.
 */
export const MESSAGE = {
  count: COUNT,
  metaSize: HEADER_SIZE + NAME_SIZE + IOV_SIZE + CONTROL_SIZE,
} as const;

const NAMES_AT = COUNT * HEADER_SIZE;
const VECTORS_AT = NAMES_AT + COUNT * NAME_SIZE;
const CONTROLS_AT = VECTORS_AT + COUNT * IOV_SIZE;
const DATA_AT = COUNT * MESSAGE.metaSize;
/** Within a header: msg_controllen, msg_flags, msg_len. */
const CONTROL_LENGTH_AT = 40;
const FLAGS_AT = 48;
const LENGTH_AT = 56;

const MSG_TRUNC = 0x20;

/** struct cmsghdr: size_t cmsg_len, int cmsg_level, int cmsg_type; data and next header on multiples of 8 */
const CMSG_HEADER_SIZE = 16;
const SCM_TIMESTAMP = 29;
const IPV6_PKTINFO = 50;

/**
 * The first part of the block as it must be before each call: headers that point to their parts, no addresses, vectors.
 *
 * @param block address of the block
 * @param longest bytes of one data slot
 */
export function messageHeaders(block: bigint, longest: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(VECTORS_AT + COUNT * IOV_SIZE));
  for (let index = 0; index < COUNT; index++) {
    const header = index * HEADER_SIZE;
    const vector = VECTORS_AT + index * IOV_SIZE;
    view.setBigUint64(header, block + BigInt(NAMES_AT + index * NAME_SIZE), true);
    view.setUint32(header + 8, NAME_SIZE, true);
    view.setBigUint64(header + 16, block + BigInt(vector), true);
    view.setBigUint64(header + 24, 1n, true);
    view.setBigUint64(header + 32, block + BigInt(CONTROLS_AT + index * CONTROL_SIZE), true);
    view.setBigUint64(header + CONTROL_LENGTH_AT, BigInt(CONTROL_SIZE), true);
    view.setBigUint64(vector, block + BigInt(DATA_AT + index * longest), true);
    view.setBigUint64(vector + 8, BigInt(longest), true);
  }
  return new Uint8Array(view.buffer);
}

/** One message that is whole, with views into the copy it was read from. */
export interface MessageHead {
  readonly index: number;
  /** Bytes of payload. */
  readonly length: number;
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly sourcePort: number;
  /** 4 or 16 bytes; null where the kernel did not tell. */
  readonly destination: Uint8Array | null;
  /** Unix milliseconds; null where the kernel did not tell. */
  readonly timestampMs: number | null;
}

/**
 * Reads what the kernel wrote about one message. Null when the datagram was cut or its source is no IP address.
 *
 * @param meta a copy of the first `count * metaSize` bytes of the block, which nothing overwrites
 */
export function readMessage(meta: Uint8Array<ArrayBuffer>, index: number): MessageHead | null {
  const view = new DataView(meta.buffer, meta.byteOffset, meta.byteLength);
  const header = index * HEADER_SIZE;
  if ((view.getInt32(header + FLAGS_AT, true) & MSG_TRUNC) !== 0) return null;
  const name = NAMES_AT + index * NAME_SIZE;
  const family = view.getUint16(name, true);
  if (family !== AF_INET && family !== AF_INET6) return null;
  const control = CONTROLS_AT + index * CONTROL_SIZE;
  return {
    index,
    length: view.getUint32(header + LENGTH_AT, true),
    source: family === AF_INET ? meta.subarray(name + 4, name + 8) : meta.subarray(name + 8, name + 24),
    sourcePort: view.getUint16(name + 2),
    ...readControl(meta, view, { from: control, length: view.getUint32(header + CONTROL_LENGTH_AT, true) }),
  };
}

/** The control messages of one datagram. */
function readControl(
  meta: Uint8Array<ArrayBuffer>,
  view: DataView,
  control: { readonly from: number; readonly length: number },
): Pick<MessageHead, "destination" | "timestampMs"> {
  let destination: Uint8Array | null = null;
  let timestampMs: number | null = null;
  const end = control.from + Math.min(control.length, CONTROL_SIZE);
  let at = control.from;
  while (at + CMSG_HEADER_SIZE <= end) {
    const length = view.getUint32(at, true);
    if (length < CMSG_HEADER_SIZE || at + length > end) break;
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    const data = at + CMSG_HEADER_SIZE;
    if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) destination = meta.subarray(data, data + 16);
    // struct in_pktinfo: int ipi_ifindex; ipi_spec_dst; ipi_addr, the destination in the IP header
    if (level === IPPROTO_IP && type === IP_PKTINFO) destination = meta.subarray(data + 8, data + 12);
    if (level === SOL_SOCKET && type === SCM_TIMESTAMP) {
      const seconds = view.getUint32(data, true) + view.getInt32(data + 4, true) * 0x1_0000_0000;
      timestampMs = seconds * 1000 + view.getUint32(data + 8, true) / 1000;
    }
    at += Math.ceil(length / 8) * 8;
  }
  return { destination, timestampMs };
}
