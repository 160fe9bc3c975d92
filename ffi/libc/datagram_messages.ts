/** How the messages of recvmmsg(2) lie in memory (64-bit Linux), and what their control data says. */

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
 * One block: all headers, all addresses, all vectors, all control buffers, and after these (`count * metaSize`) the data
 * slots. Offsets `…At` of names and controls count from its start, those of header fields from the header.
 */
export const MESSAGE = {
  count: COUNT,
  headerSize: HEADER_SIZE,
  nameSize: NAME_SIZE,
  controlSize: CONTROL_SIZE,
  metaSize: HEADER_SIZE + NAME_SIZE + IOV_SIZE + CONTROL_SIZE,
  namesAt: COUNT * HEADER_SIZE,
  controlsAt: COUNT * (HEADER_SIZE + NAME_SIZE + IOV_SIZE),
  controlLengthAt: 40,
  flagsAt: 48,
  lengthAt: 56,
} as const;

const VECTORS_AT = COUNT * (HEADER_SIZE + NAME_SIZE);
const DATA_AT = COUNT * MESSAGE.metaSize;

/** struct cmsghdr: size_t cmsg_len, int cmsg_level, int cmsg_type; data and next header on multiples of 8 */
const CMSG_HEADER_SIZE = 16;
const SOL_SOCKET = 1;
const SCM_TIMESTAMP = 29;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPPROTO_IPV6 = 41;
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
    view.setBigUint64(header, block + BigInt(MESSAGE.namesAt + index * NAME_SIZE), true);
    view.setUint32(header + 8, NAME_SIZE, true);
    view.setBigUint64(header + 16, block + BigInt(vector), true);
    view.setBigUint64(header + 24, 1n, true);
    view.setBigUint64(header + 32, block + BigInt(MESSAGE.controlsAt + index * CONTROL_SIZE), true);
    view.setBigUint64(header + MESSAGE.controlLengthAt, BigInt(CONTROL_SIZE), true);
    view.setBigUint64(vector, block + BigInt(DATA_AT + index * longest), true);
    view.setBigUint64(vector + 8, BigInt(longest), true);
  }
  return new Uint8Array(view.buffer);
}

/** What the kernel told about one message. */
export interface ControlFacts {
  /** 4 or 16 bytes, copied. */
  readonly destination: Uint8Array | null;
  readonly timestampMs: number | null;
}

/** Reads the control messages of one datagram. */
export function controlFacts(control: Uint8Array<ArrayBuffer>): ControlFacts {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  let destination: Uint8Array | null = null;
  let timestampMs: number | null = null;
  let at = 0;
  while (at + CMSG_HEADER_SIZE <= control.length) {
    const length = Number(view.getBigUint64(at, true));
    if (length < CMSG_HEADER_SIZE || at + length > control.length) break;
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    const data = at + CMSG_HEADER_SIZE;
    if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) destination = control.slice(data, data + 16);
    // struct in_pktinfo: int ipi_ifindex; ipi_spec_dst; ipi_addr, the destination in the IP header
    if (level === IPPROTO_IP && type === IP_PKTINFO) destination = control.slice(data + 8, data + 12);
    if (level === SOL_SOCKET && type === SCM_TIMESTAMP) {
      timestampMs = Number(view.getBigInt64(data, true)) * 1000 + Number(view.getBigInt64(data + 8, true)) / 1000;
    }
    at += Math.ceil(length / 8) * 8;
  }
  return { destination, timestampMs };
}
