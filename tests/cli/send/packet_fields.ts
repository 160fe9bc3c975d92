/** An IP packet taken apart by the plainest means, so that two packets can be compared field by field. */

/** Header fields by name, and the payload as text. */
export interface PacketFields {
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly version: number;
  readonly protocol: "icmp" | "tcp" | "udp" | "icmpv6";
  /** All fields of the IP header but addresses, identification and checksum. */
  readonly ip: Readonly<Record<string, number>>;
  readonly id: number;
  readonly source: string;
  readonly destination: string;
  /** All fields of the next header but its checksum. */
  readonly header: Readonly<Record<string, number>>;
  readonly checksum: number;
  readonly payload: string;
}

const PROTOCOLS: Readonly<Record<number, PacketFields["protocol"]>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6" };

/** Null for anything but TCP, UDP, ICMP and ICMPv6. */
export function packetFields(hex: string): PacketFields | null {
  const raw = new Uint8Array(hex.match(/../g)!.map((byte) => parseInt(byte, 16)));
  const view = new DataView(raw.buffer);
  const version = raw[0]! >> 4;
  const protocol = PROTOCOLS[raw[version === 4 ? 9 : 6]!];
  if (protocol === undefined) return null;
  const start = version === 4 ? (raw[0]! & 15) * 4 : 40;
  const next = new DataView(raw.buffer, start);
  const ip = version === 4
    ? {
      tos: raw[1]!,
      headerLength: start,
      lengthRight: Number(view.getUint16(2) === raw.length),
      fragment: view.getUint16(6),
      ttl: raw[8]!,
    }
    : {
      class: view.getUint32(0) & 0xfffffff,
      lengthRight: Number(view.getUint16(4) === raw.length - 40),
      ttl: raw[7]!,
    };
  const address = (v4: number, v6: number) =>
    version === 4
      ? [...raw.subarray(v4, v4 + 4)].join(".")
      : Array.from({ length: 8 }, (_, i) => view.getUint16(v6 + 2 * i).toString(16)).join(":");
  const parsed = HEADER[protocol](next);
  return {
    raw,
    version,
    protocol,
    ip,
    id: version === 4 ? view.getUint16(4) : 0,
    source: address(12, 8),
    destination: address(16, 24),
    header: parsed.header,
    checksum: next.getUint16(parsed.checksumAt),
    payload: new TextDecoder().decode(raw.subarray(start + parsed.length)),
  };
}

interface Parsed {
  readonly length: number;
  readonly checksumAt: number;
  readonly header: Record<string, number>;
}

const icmp = (view: DataView): Parsed => ({
  length: 8,
  checksumAt: 2,
  header: { type: view.getUint8(0), code: view.getUint8(1), id: view.getUint16(4), sequence: view.getUint16(6) },
});

const HEADER: Readonly<Record<PacketFields["protocol"], (view: DataView) => Parsed>> = {
  icmp,
  icmpv6: icmp,
  udp: (view) => ({
    length: 8,
    checksumAt: 6,
    header: {
      sourcePort: view.getUint16(0),
      destinationPort: view.getUint16(2),
      lengthRight: Number(view.getUint16(4) === view.byteLength),
    },
  }),
  tcp: (view) => ({
    length: (view.getUint8(12) >> 4) * 4,
    checksumAt: 16,
    header: {
      sourcePort: view.getUint16(0),
      destinationPort: view.getUint16(2),
      sequence: view.getUint32(4),
      acknowledgement: view.getUint32(8),
      offsetAndFlags: view.getUint16(12),
      window: view.getUint16(14),
      urgent: view.getUint16(18),
    },
  }),
};

/** Sum of RFC 1071 in the plainest way: big integers. */
function onesSum(bytes: readonly number[]): bigint {
  let sum = 0n;
  for (let i = 0; i < bytes.length; i += 2) sum += BigInt((bytes[i]! << 8) | (bytes[i + 1] ?? 0));
  return sum === 0n ? 0n : (sum - 1n) % 0xffffn + 1n;
}

/** Whether header checksum and the checksum of what follows are right. */
export function checksumsAreRight({ raw, version, protocol }: PacketFields): boolean {
  const bytes = [...raw];
  const start = version === 4 ? (raw[0]! & 15) * 4 : 40;
  if (version === 4 && onesSum(bytes.slice(0, start)) !== 0xffffn) return false;
  const segment = bytes.slice(start);
  if (protocol === "icmp") return onesSum(segment) === 0xffffn;
  const addresses = version === 4 ? bytes.slice(12, 20) : bytes.slice(8, 40);
  const number = version === 4 ? bytes[9]! : bytes[6]!;
  const length = segment.length;
  return onesSum([...addresses, 0, number, length >> 8, length & 255, ...segment]) === 0xffffn;
}
