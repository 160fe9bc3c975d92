/**
 * The engine that loads nothing: what the client uses. WebCrypto does SHA-1 and SHA-2, their HMACs, AES-CBC and AES-CTR;
 * MD5 is needed for every key derivation; the rest comes from `noble_engine.ts`, loaded when it is asked for.
 */
import { BLOCK_LENGTH } from "../limits.ts";
import { concat } from "../bytes.ts";
import type { CryptoEngine, DigestName, RijndaelMode } from "./engine.ts";
import { md5 } from "./md5.ts";
import { addPadding, removePadding } from "./padding.ts";

const WEB_DIGESTS: Readonly<Partial<Record<DigestName, string>>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** Whole 16-byte counter block, big-endian with carry (facts/wire 6). */
const COUNTER_BITS = 128;

async function nobleEngine(): Promise<CryptoEngine> {
  return (await import("./noble_engine.ts")).nobleEngine;
}

async function digest(name: DigestName, data: Uint8Array): Promise<Uint8Array> {
  if (name === "md5") return md5(data);
  const hash = WEB_DIGESTS[name];
  if (hash === undefined) return (await nobleEngine()).digest(name, data);
  return new Uint8Array(await crypto.subtle.digest(hash, own(data)));
}

async function hmac(name: DigestName, key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const hash = WEB_DIGESTS[name];
  if (hash === undefined) return (await nobleEngine()).hmac(name, key, data);
  const imported = await crypto.subtle.importKey("raw", own(key), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, own(data)));
}

async function encrypt(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
  if (isCbc(mode)) {
    // WebCrypto pads with PKCS#7 by itself.
    const imported = await importAes("AES-CBC", key);
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: own(iv) }, imported, own(plain)));
  }
  if (mode === "ctr") return await applyCtr(key, iv, addPadding(plain));
  return (await nobleEngine()).encrypt(mode, key, iv, plain);
}

async function decrypt(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Promise<Uint8Array> {
  if (isCbc(mode)) return removePadding(await decryptCbc(key, iv, cipher));
  if (mode === "ctr") return removePadding(await applyCtr(key, iv, cipher));
  return (await nobleEngine()).decrypt(mode, key, iv, cipher);
}

function isCbc(mode: RijndaelMode): boolean {
  return mode === "cbc" || mode === "legacy";
}

/**
 * WebCrypto insists on valid padding and reports nothing else than its absence. One more block, made so that it decrypts to
 * a block of padding, satisfies it whatever stands before; so the content comes back unjudged, as the format needs it.
 */
async function decryptCbc(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Promise<Uint8Array> {
  const imported = await importAes("AES-CBC", key);
  const last = cipher.slice(-BLOCK_LENGTH);
  const padding = await crypto.subtle.encrypt({ name: "AES-CBC", iv: last }, imported, new Uint8Array(0));
  const data = concat(cipher, new Uint8Array(padding));
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: own(iv) }, imported, data));
}

async function applyCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "AES-CTR", counter: own(iv), length: COUNTER_BITS };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, await importAes("AES-CTR", key), own(data)));
}

function importAes(name: string, key: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", own(key), name, false, ["encrypt", "decrypt"]);
}

/** WebCrypto takes bytes of an ordinary buffer only; packets are, so this rarely copies. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
}

/** The engine of WebCrypto. */
export const webEngine: CryptoEngine = { digest, hmac, encrypt, decrypt };
