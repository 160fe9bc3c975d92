/**
 * The naive twin of `lib/spa/seal.ts`: one packet from any text whatever, with `node:crypto` and loops as the format
 * description reads (facts/wire 1, facts/wire 6, facts/wire 7). It checks nothing, so it can also make packets that no
 * sender makes.
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createHash, createHmac } from "node:crypto";
import type { DigestName, RijndaelMode } from "../../../lib/crypto/engine.ts";
import type { HmacKey, RijndaelSecrets } from "../../../lib/crypto/secrets.ts";

const NODE_NAMES: Readonly<Record<DigestName, string>> = {
  md5: "md5",
  sha1: "sha1",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
  sha3_256: "sha3-256",
  sha3_512: "sha3-512",
};

export function twinDigest(name: DigestName, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(NODE_NAMES[name]).update(data).digest());
}

export function twinHmac(name: DigestName, key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(NODE_NAMES[name], key).update(data).digest());
}

export function twinBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

export function twinKey(mode: RijndaelMode, pass: Uint8Array, salt: Uint8Array): { key: Uint8Array; iv: Uint8Array } {
  let text = [...pass];
  while (mode === "legacy" && text.length < 16) text = [...text, 0x30];
  const first = twinDigest("md5", Uint8Array.from([...text, ...salt]));
  const second = twinDigest("md5", Uint8Array.from([...first, ...text, ...salt]));
  const third = twinDigest("md5", Uint8Array.from([...second, ...text, ...salt]));
  return { key: Uint8Array.from([...first, ...second]), iv: third };
}

/** `blocks`: whole blocks, padded or not. */
export function twinEncrypt(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array {
  if (mode === "cfb" || mode === "ofb") return twinFeedback(mode, key, iv, blocks);
  const name = `aes-256-${mode === "legacy" ? "cbc" : mode}`;
  const cipher = createCipheriv(name, key, mode === "ecb" ? new Uint8Array(0) : iv);
  cipher.setAutoPadding(false);
  return Uint8Array.from([...cipher.update(blocks), ...cipher.final()]);
}

/** CFB-128 and OFB-128 from the block cipher: `C = P xor E(register)`; the next register is C, or E(register). */
function twinFeedback(mode: "cfb" | "ofb", key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array {
  const out: number[] = [];
  let register = iv;
  for (let at = 0; at < blocks.length; at += 16) {
    const stream = twinEncrypt("ecb", key, iv, register);
    const block = blocks.slice(at, at + 16).map((byte, i) => byte ^ (stream[i] ?? 0));
    out.push(...block);
    register = mode === "cfb" ? block : stream;
  }
  return Uint8Array.from(out);
}

export function twinPad(plain: Uint8Array): Uint8Array {
  const length = 16 - plain.length % 16;
  return Uint8Array.from([...plain, ...Array<number>(length).fill(length)]);
}

/** Any blocks as a packet: encrypted, stripped of its prefix, signed. */
export function twinPacketOfBlocks(blocks: Uint8Array, keys: RijndaelSecrets, salt: Uint8Array): string {
  const { key, iv } = twinKey(keys.cipher.mode, keys.cipher.key, salt);
  const raw = [...new TextEncoder().encode("Salted__"), ...salt, ...twinEncrypt(keys.cipher.mode, key, iv, blocks)];
  const full = twinBase64(Uint8Array.from(raw));
  return full.slice(10) + (keys.hmac === null ? "" : twinTag(full, keys.hmac));
}

export function twinTag(full: string, hmac: HmacKey): string {
  return twinBase64(twinHmac(hmac.name, hmac.key, new TextEncoder().encode(full)));
}

/** Any plaintext as a packet. */
export function twinPacketOf(plaintext: Uint8Array, keys: RijndaelSecrets, salt: Uint8Array): string {
  return twinPacketOfBlocks(twinPad(plaintext), keys, salt);
}

/** Any colon text as a packet, its digest added. */
export function twinSeal(encoded: string, digest: DigestName, keys: RijndaelSecrets, salt: Uint8Array): string {
  return twinPacketOf(new TextEncoder().encode(twinPlaintext(encoded, digest)), keys, salt);
}

/** The colon text with its digest. */
export function twinPlaintext(encoded: string, digest: DigestName): string {
  return `${encoded}:${twinBase64(twinDigest(digest, new TextEncoder().encode(encoded)))}`;
}
