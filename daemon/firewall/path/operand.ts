/**
 * Where the bytes come from that a rule compares. Values are byte strings (one character of 0 to 255 for each byte), which
 * take little room, compare as the kernel compares and can be keys. Pure.
 */

/** `network` and `transport`: a header; `meta 6`, `ct 0`, `ct original 12`: `NFT_META_*`, `NFT_CT_*`; `address type`: what the destination is to this host, `RTN_*`; `opaque`: anything that is not understood. */
export type Field =
  | "network"
  | "transport"
  | `meta ${number}`
  | `ct ${number}`
  | `ct original ${number}`
  | "address type"
  | "opaque";

/** One byte: `(field[at] & mask) ^ xor`. */
interface ByteOrigin {
  readonly field: Field;
  readonly at: number;
  readonly mask: number;
  readonly xor: number;
}

/** Several bytes in a row. Equal ones are one object where they were made by the same {@link Interner}. */
export interface Operand {
  readonly bytes: readonly ByteOrigin[];
}

/** `NFT_META_*` that matter here, and how many bytes each has. */
export const META = { protocol: 1, mark: 3, iif: 4, iifname: 6, iifType: 8, nfproto: 15, l4proto: 16, packetType: 19 };
/** `NFT_CT_*`; from the ports on only those of the original direction matter. */
export const CT = {
  ...{ state: 0, direction: 1, status: 2, mark: 3, sourcePort: 11, destinationPort: 12 },
  ...{ source4: 19, destination4: 20, source6: 21, destination6: 22 },
};
/** The bit of `NFT_CT_STATUS` that says that it was sent to another address (`IPS_DST_NAT`), in the first byte. */
export const SENT_ELSEWHERE = 1 << 5;
/** `RTN_LOCAL`, as four bytes: an address of this host. */
export const LOCAL = "\x02\0\0\0";
/** `NF_CT_STATE_BIT`, in the first byte of the state. */
export const STATE = { established: 2, new: 8 } as const;

/** The bytes of a field from `at` on. */
export function fieldOperand(field: Field, at: number, length: number): Operand {
  return { bytes: Array.from({ length }, (_, index) => ({ field, at: at + index, mask: 0xff, xor: 0 })) };
}

/** What rules compare most: found again by identity of the interned operand. */
export const SOURCE4 = fieldOperand("network", 12, 4);
export const SOURCE6 = fieldOperand("network", 8, 16);
export const DESTINATION4 = fieldOperand("network", 16, 4);
export const DESTINATION6 = fieldOperand("network", 24, 16);
export const SOURCE_PORT = fieldOperand("transport", 0, 2);
export const DESTINATION_PORT = fieldOperand("transport", 2, 2);
export const PROTOCOL = fieldOperand(`meta ${META.l4proto}`, 0, 1);
export const FAMILY = fieldOperand(`meta ${META.nfproto}`, 0, 1);
export const INTERFACE = fieldOperand(`meta ${META.iifname}`, 0, 16);
export const STATES = fieldOperand(`ct ${CT.state}`, 0, 4);
const COMMON = [
  ...[SOURCE4, SOURCE6, DESTINATION4, DESTINATION6, SOURCE_PORT, DESTINATION_PORT],
  ...[PROTOCOL, FAMILY, INTERFACE, STATES],
];

/** Gives equal things one object, so that thousands of rules share it. */
export class Interner<Thing> {
  readonly #known = new Map<string, Thing>();
  constructor(readonly limit: number) {}

  /** The known thing of that key, or `make()`, which is remembered unless there are too many already. */
  share(key: string, make: () => Thing): Thing {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#known.size < this.limit) this.#known.set(key, made);
    return made;
  }
}

/** An interner that knows the operands above. */
export function operandInterner(): Interner<Operand> {
  const interner = new Interner<Operand>(4096);
  for (const operand of COMMON) interner.share(keyOf(operand), () => operand);
  return interner;
}

/** The shared object that is equal to the operand. */
export function shareOperand(operand: Operand, interner: Interner<Operand>): Operand {
  return interner.share(keyOf(operand), () => operand);
}

function keyOf({ bytes }: Operand): string {
  return bytes.map(({ field, at, mask, xor }) => `${field} ${at} ${mask} ${xor}`).join();
}

/** Bytes as a byte string. */
export function byteString(bytes: Iterable<number>): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A byte string as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A number as a byte string of two bytes, the higher one first, as ports stand in headers. */
export function portString(port: number): string {
  return String.fromCharCode(port >> 8 & 0xff, port & 0xff);
}
