/**
 * Saves allocations in a flood of packets: a small array costs more than everything else that is done to a packet
 * before its HMAC.
 */
import { type Ip, ipFromBytes } from "../../lib/net/address.ts";

/**
 * Payloads of many packets share one array; it is let go when none of them is held any more.
 */
const CHUNK_BYTES = 16 * 1024;
/** The same for addresses, of which a grant holds one for hours: whatever comes meanwhile, that is what it holds at most. */
export const CHUNK_OF_ADDRESSES = 1024;

/** A function that copies bytes to where nothing will overwrite them. `chunkBytes`: what a single copy may keep from being freed. */
export function makeKeeper(chunkBytes = CHUNK_BYTES): (bytes: Uint8Array) => Uint8Array {
  let chunk = new Uint8Array(chunkBytes);
  let used = 0;
  return (bytes) => {
    if (bytes.length > chunkBytes) return bytes.slice();
    if (used + bytes.length > chunkBytes) {
      chunk = new Uint8Array(chunkBytes);
      used = 0;
    }
    const kept = chunk.subarray(used, used + bytes.length);
    kept.set(bytes);
    used += bytes.length;
    return kept;
  };
}

/**
 * {@link ipFromBytes} that remembers the two addresses asked for last: all packets have the same few destinations, and
 * those of one sender the same source.
 */
export function makeIpMemory(): (bytes: Uint8Array) => Ip {
  const keep = makeKeeper(CHUNK_OF_ADDRESSES);
  let recent: Remembered | null = null;
  let older: Remembered | null = null;
  return (bytes) => {
    if (recent !== null && sameBytes(recent.bytes, bytes)) return recent.ip;
    const found = older !== null && sameBytes(older.bytes, bytes) ? older : remember(bytes, keep);
    older = recent;
    recent = found;
    return found.ip;
  };
}

interface Remembered {
  /** As they were asked for: a mapped address in full. */
  readonly bytes: Uint8Array;
  readonly ip: Ip;
}

function remember(bytes: Uint8Array, keep: (bytes: Uint8Array) => Uint8Array): Remembered {
  const ip = ipFromBytes(bytes, keep);
  return { bytes: ip.bytes.length === bytes.length ? ip.bytes : keep(bytes), ip };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
