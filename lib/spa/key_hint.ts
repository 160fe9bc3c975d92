/**
 * A hint in the salt of a packet by which a daemon with many users finds the keys to try first (PROTOCOL.md, "The salt").
 * It proves nothing, and who has no use for it sees eight bytes like any others. Pure.
 */
import { concat, textBytes } from "../bytes.ts";
import type { CryptoEngine, RijndaelMode } from "../crypto/engine.ts";
import type { Secrets } from "../crypto/secrets.ts";

/** Bytes of a salt that are the hint; the others stay random. */
export const HINT_LENGTH = 3;

/** For so many seconds a key has the same hint. */
export const HINT_SLOT_SECONDS = 30;

/** Makes the hint key another one than that of any other use of the HMAC key, and than that of another version. */
const LABEL = textBytes("fwknop salt hint 1");

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
export async function hintKey(engine: Hmac, hmacKey: Uint8Array): Promise<Uint8Array> {
  return await engine.hmac("sha256", hmacKey, LABEL);
}

/** The hint of a key in one slot: {@link HINT_LENGTH} bytes. */
export async function keyHint(engine: Hmac, key: Uint8Array, slot: number): Promise<Uint8Array> {
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

/** Eight bytes, the most significant first. */
function slotBytes(slot: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(slot));
  return bytes;
}
