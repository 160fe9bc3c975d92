/** The frozen packets of `spa.json` as values. Their origin is in the file. */
import type { DigestName, RijndaelMode } from "../../lib/crypto/engine.ts";
import file from "./spa.json" with { type: "json" };
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";

export interface SpaVector {
  readonly id: string;
  readonly digest: DigestName;
  readonly keys: RijndaelSecrets;
  readonly salt: Uint8Array;
  readonly aesKey: Uint8Array;
  readonly iv: Uint8Array;
  /** With the digest. */
  readonly plaintext: string;
  readonly packet: string;
}

export const SPA_VECTORS: readonly SpaVector[] = file.vectors.map((row) => ({
  id: row.id,
  digest: row.digest as DigestName,
  keys: {
    cipher: { kind: "rijndael", key: hexBytes(row.key_hex), mode: row.mode as RijndaelMode },
    hmac: row.hmac === null || row.hmac_key_hex === null
      ? null
      : { name: row.hmac as DigestName, key: hexBytes(row.hmac_key_hex) },
  },
  salt: hexBytes(row.salt),
  aesKey: hexBytes(row.aes_key),
  iv: hexBytes(row.iv),
  plaintext: row.plaintext,
  packet: row.packet,
}));

/** The vector of that name. */
export function spaVector(id: string): SpaVector {
  const found = SPA_VECTORS.find((vector) => vector.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
}

/** Pairs of hexadecimal digits to bytes. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
