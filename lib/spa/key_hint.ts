/**
 * A hint in the salt of a packet by which a daemon with many users finds the keys to try first (PROTOCOL.md, "The salt").
 * It proves nothing, and who has no use for it sees eight bytes like any others. Pure.
 */
import { base64Value } from "../base64.ts";
import { concat, textBytes } from "../bytes.ts";
import type { CryptoEngine, RijndaelMode } from "../crypto/engine.ts";
import type { Secrets } from "../crypto/secrets.ts";

/** Bytes of a salt that are the hint; the others stay random. */
const HINT_LENGTH = 3;

/** For so many seconds a key has the same hint. */
export const HINT_SLOT_SECONDS = 30;

/**
 * What a hint key is the HMAC-SHA256 of, by the HMAC key of a stanza: another one than that of any other use of it, and than
 * that of another version of hints.
 */
export const HINT_LABEL: Uint8Array = textBytes("fwknop salt hint 1");

type Hmac = Pick<CryptoEngine, "hmac">;

/**
 * The modes whose packets may carry one. In CTR and OFB two packets with the same salt would have the same key stream; in
 * the others they begin with sixteen random digits, which keep equal salts apart.
 */
const HINTED_MODES: ReadonlySet<RijndaelMode> = new Set(["cbc", "cfb", "ecb", "legacy"]);

/** Whether packets of these secrets may carry a hint: there is an HMAC key, and the mode bears an equal salt. */
export function mayHint({ cipher, hmac }: Secrets): boolean {
  return hmac !== null && cipher.kind === "rijndael" && HINTED_MODES.has(cipher.mode);
}

/** The number of the slot in which a moment lies. `now`: Unix seconds, not negative. */
export function hintSlot(now: number): number {
  return Math.floor(now / HINT_SLOT_SECONDS);
}

/** The key that hints are made with, from the HMAC key of a stanza, whatever the digest of its HMAC: 32 bytes. */
async function hintKey(engine: Hmac, hmacKey: Uint8Array): Promise<Uint8Array> {
  return await engine.hmac("sha256", hmacKey, HINT_LABEL);
}

/** The hint of a key in one slot: {@link HINT_LENGTH} bytes. */
async function keyHint(engine: Hmac, key: Uint8Array, slot: number): Promise<Uint8Array> {
  return (await engine.hmac("sha256", key, slotBytes(slot))).slice(0, HINT_LENGTH);
}

/** The salt with the hint in front; what follows stays as it is. */
export async function hintedSalt(
  engine: Hmac,
  salt: Uint8Array,
  { hmacKey, now }: { readonly hmacKey: Uint8Array; readonly now: number },
): Promise<Uint8Array> {
  const hint = await keyHint(engine, await hintKey(engine, hmacKey), hintSlot(now));
  return concat(hint, salt.subarray(HINT_LENGTH));
}

/** The number of the first bytes, the most significant first: {@link HINT_LENGTH} of them. */
export function hintNumber(bytes: Uint8Array): number {
  return bytes[0]! << 16 | bytes[1]! << 8 | bytes[2]!;
}

/** Characters at the beginning of a packet in which it is: behind four bits of `Salted__`, and two bits follow. */
const HINT_CHARACTERS = 5;

/** The number of what is a hint if the sender gave one: the first bytes of the salt. Null where a packet cannot begin so. */
export function hintOfWire(wire: string): number | null {
  if (wire.length < HINT_CHARACTERS) return null;
  let held = 0;
  for (let i = 0; i < HINT_CHARACTERS; i++) {
    const value = base64Value(wire.charCodeAt(i));
    if (value === null) return null;
    // The first four bits, which are the end of `Salted__`, leave at the top.
    held = held << 6 & 0x3fffffff | value;
  }
  return held >> 2 & 0xffffff;
}

/** What a hint is the HMAC-SHA256 of, by a hint key: eight bytes, the most significant first. */
export function slotBytes(slot: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(slot));
  return bytes;
}
