/**
 * SYNs as whole IP packets. That of Linux 6.x was recorded here; the others are made, byte by byte, from what their vendors
 * and users document, and were not recorded from these systems.
 */

/** What differs between systems. */
export interface SynFields {
  readonly family?: 4 | 6;
  /** As it arrives. */
  readonly ttl?: number;
  readonly dontFragment?: boolean;
  readonly flags?: number;
  readonly window: number;
  /** The bytes of the options, in hexadecimal. */
  readonly options: string;
  /** The last byte of the source: 10.0.0.N, fd00::N. */
  readonly host?: number;
}

const be16 = (value: number) => [value >> 8, value & 0xff];

/** The packet, from its IP header on. */
export function synPacket(fields: SynFields): Uint8Array<ArrayBuffer> {
  const { family = 4, ttl = 64, dontFragment = true, flags = 0x02, window, host = 7 } = fields;
  const options = [...Uint8Array.fromHex(fields.options.replaceAll(" ", ""))];
  const ports = [...be16(40_000), ...be16(22)];
  const words = (20 + options.length) / 4;
  const tcp = [
    ...ports,
    0x1d,
    0x2e,
    0x3f,
    0x40,
    0,
    0,
    0,
    0,
    words << 4,
    flags,
    ...be16(window),
    0,
    0,
    0,
    0,
    ...options,
  ];
  const v4 = [0x45, 0, ...be16(20 + tcp.length), 0x12, 0x34, dontFragment ? 0x40 : 0, 0, ttl, 6, 0, 0];
  const v6 = [0x60, 0, 0, 0, ...be16(tcp.length), 6, ttl];
  const fd00 = (last: number) => [0xfd, ...new Array(14).fill(0), last];
  const head = family === 4 ? [...v4, 10, 0, 0, host, 10, 0, 0, 1] : [...v6, ...fd00(host), ...fd00(1)];
  return Uint8Array.from([...head, ...tcp]);
}

/** Recorded on a cable between two namespaces of a machine with Linux 6.18, from its Ethernet header on. */
export const RECORDED_LINUX = {
  4: "2e728d11692d3253bed982a008004500003c9d234000400688f80a4f00020a4f0001d2f4001662b3048500000000a002faf014cf0000020405" +
    "b40402080a5a50c426000000000103030a",
  6: "2e728d11692d3253bed982a086dd6000b99100280640fd790000000000000000000000000002fd790000000000000000000000000001c652" +
    "0016a1c964cf00000000a002fd20fb240000020405a00402080a6882c107000000000103030a",
} as const;

/** Names of the shipped signatures, and SYNs that they have to fit. Time stamps are any number. */
export const SYSTEMS: readonly (readonly [name: string, SynFields])[] = [
  ["Linux 4.20-6.x", { window: 64_240, options: "020405b4 0402 080a00112233 00000000 01 030307" }],
  ["Linux 4.20-6.x", { family: 6, window: 64_800, options: "020405a0 0402 080a00112233 00000000 01 030307" }],
  // Behind a router that lowers the segment size, 14 hops away.
  ["Linux 4.20-6.x", { ttl: 50, window: 64_240, options: "02040584 0402 080a00112233 00000000 01 03030a" }],
  // A jumbo frame, and one with congestion notification.
  ["Linux 4.20-6.x", { window: 62_720, flags: 0xc2, options: "02042300 0402 080a00112233 00000000 01 030307" }],
  ["Linux 3.x-4.19", { window: 29_200, options: "020405b4 0402 080a00112233 00000000 01 030307" }],
  ["Linux 3.x-4.19", { family: 6, window: 28_800, options: "020405a0 0402 080a00112233 00000000 01 030307" }],
  ["Linux 2.4-2.6", { window: 5840, options: "020405b4 0402 080a00112233 00000000 01 030302" }],
  ["Android (Linux)", { window: 65_535, options: "020405b4 0402 080a00112233 00000000 01 030308" }],
  ["Windows 10-11", { ttl: 128, window: 64_240, options: "020405b4 01 030308 01 01 0402" }],
  ["Windows 10-11", { ttl: 113, window: 65_535, options: "020405b4 01 030308 01 01 0402" }],
  ["Windows 10-11", { family: 6, ttl: 128, window: 64_800, options: "020405a0 01 030308 01 01 0402" }],
  ["Windows 7-8", { ttl: 128, window: 8192, options: "020405b4 01 030308 01 01 0402" }],
  ["macOS or iOS", { window: 65_535, options: "020405b4 01 030306 01 01 080a00112233 00000000 0402 0000" }],
  ["macOS or iOS", { family: 6, window: 65_535, options: "020405a0 01 030306 01 01 080a00112233 00000000 0402 0000" }],
  ["FreeBSD", { window: 65_535, options: "020405b4 01 030306 0402 080a00112233 00000000" }],
  ["OpenBSD", { window: 16_384, options: "020405b4 01 01 0402 01 030306 01 01 080a00112233 00000000" }],
];
