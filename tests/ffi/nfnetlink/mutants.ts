/** What the kernel tells, with faults in it: the same ones in every run. */
import { nftType } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { Random } from "../../fakes/random.ts";
import { acknowledgement, datagram, done } from "./fake_socket.ts";
import { RECORDED } from "./recorded.ts";

/** Datagrams that the kernel sent. */
export const CORPUS: readonly Uint8Array[] = [
  ...RECORDED.map((message) => datagram(1, message)),
  acknowledgement(1, 2),
  done(1),
  datagram(1, { type: nftType(NFT_MSG.newGen), flags: 0, body: Uint8Array.of(0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 9) }),
];
/** Bytes that lengths, flags and numbers are tried with. */
const EDGES = [0, 1, 3, 4, 5, 7, 8, 12, 16, 0x3f, 0x40, 0x7f, 0x80, 0xfd, 0xfe, 0xff] as const;

/** A datagram of the corpus, or that one, with one to four faults in it. */
export function mutant(random: Random, source = CORPUS[random(CORPUS.length)]!): Uint8Array<ArrayBuffer> {
  let bytes = source.slice();
  for (let faults = 1 + random(4); faults > 0 && bytes.length > 0; faults--) bytes = spoil(bytes, random);
  return bytes;
}

function spoil(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length);
  switch (random(8)) {
    case 0:
      bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      bytes[at] = EDGES[random(EDGES.length)]!;
      return bytes;
    // A length or number of an attribute: they start on multiples of four.
    case 3:
      bytes[at & ~3] = EDGES[random(EDGES.length)]!;
      bytes[(at & ~3) + 1] = random(4) === 0 ? random(256) : 0;
      return bytes;
    // The kind of the message: what is right in one kind stands in the place of something else in another.
    case 4:
      bytes[4] = random(24);
      return bytes;
    // Cut off, with the length that fits.
    case 5:
      return withLength(bytes.slice(0, at));
    // A piece of another message.
    case 6: {
      const other = CORPUS[random(CORPUS.length)]!;
      const from = random(other.length);
      bytes.set(other.subarray(from, from + Math.min(1 + random(64), bytes.length - at)), at);
      return bytes;
    }
    // A piece twice, so that what follows is out of step.
    default: {
      const longer = joined(bytes.subarray(0, at + 1 + random(32)), bytes.subarray(at));
      return random(2) === 0 ? withLength(longer) : longer;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** A message whose header says how long it is. */
function withLength(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length >= 4) new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  return bytes;
}
