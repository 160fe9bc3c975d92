/** OpenPGP messages taken apart, and put together as no program makes them. */
import type { Key } from "openpgp";
import * as openpgp from "openpgp";
import { concat } from "../../../lib/bytes.ts";
import type { GpgHome, GpgKeyName } from "../../lab/gpg_home.ts";
import { PASSPHRASE } from "../../lab/gpg_home.ts";

/** One packet. */
export interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** Tags of packets. */
export const TAG = {
  sessionKey: 1,
  signature: 2,
  passwordSessionKey: 3,
  onePass: 4,
  compressed: 8,
  unprotected: 9,
  marker: 10,
  literal: 11,
  trust: 12,
  protected: 18,
  aead: 20,
  padding: 21,
} as const;

/** A packet with a header of the new format. */
export function packet(tag: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  const size = length < 192
    ? [length]
    : length < 8384
    ? [(length - 192 >> 8) + 192, length - 192 & 0xff]
    : [255, length >>> 24, length >> 16 & 0xff, length >> 8 & 0xff, length & 0xff];
  return concat(Uint8Array.of(0xc0 | tag, ...size), body);
}

/** All of them. */
export function packets(list: readonly Packet[]): Uint8Array {
  return concat(...list.map(({ tag, body }) => packet(tag, body)));
}

/** Of a whole message whose packets have lengths. */
export function split(bytes: Uint8Array): readonly Packet[] {
  const found: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const [size, length] = (first & 0x40) === 0 ? oldLength(bytes, at) : newLength(bytes, at);
    const tag = (first & 0x40) === 0 ? first >> 2 & 0x0f : first & 0x3f;
    found.push({ tag, body: bytes.slice(at + size, at + size + length) });
    at += size + length;
  }
  return found;
}

function oldLength(bytes: Uint8Array, at: number): [size: number, length: number] {
  const count = [1, 2, 4, 0][bytes[at]! & 3]!;
  if (count === 0) return [1, bytes.length - at - 1];
  return [1 + count, bytes.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0)];
}

function newLength(bytes: Uint8Array, at: number): [size: number, length: number] {
  const one = bytes[at + 1]!;
  if (one < 192) return [2, one];
  if (one < 224) return [3, (one - 192 << 8) + bytes[at + 2]! + 192];
  if (one < 255) throw new Error("a body in pieces");
  return [6, bytes.subarray(at + 2, at + 6).reduce((sum, byte) => sum * 256 + byte, 0)];
}

/** A message of gpg that is signed and no more: one-pass signatures, the text, the signatures. */
export async function signedBy(
  home: GpgHome,
  signers: readonly GpgKeyName[],
  { text, args = [] }: { readonly text: Uint8Array; readonly args?: readonly string[] },
): Promise<readonly Packet[]> {
  const by = signers.flatMap((name) => ["--local-user", home.fingerprint(name)]);
  const unlock = ["--pinentry-mode", "loopback", "--passphrase", PASSPHRASE];
  return split(await home.gpg([...args, ...unlock, "--compress-algo", "none", ...by, "--sign"], text));
}

/** How text is encrypted. */
export interface Encryption {
  readonly key: Key;
  /** Default: with what shows that it was changed. */
  readonly how?: "mdc" | "none" | "version2" | "aead";
}

/** Whatever it is, encrypted: the session key, and the data. */
export async function encrypted(inner: Uint8Array, { key, how = "mdc" }: Encryption): Promise<readonly Packet[]> {
  const data = crypto.getRandomValues(new Uint8Array(32));
  const version2 = how === "version2";
  const sessionKey: openpgp.SessionKey = { data, algorithm: "aes256", ...(version2 ? { aeadAlgorithm: "ocb" } : {}) };
  const config = { aeadProtect: version2 };
  const keys = await openpgp.encryptSessionKey({ ...sessionKey, encryptionKeys: key, format: "binary", config });
  const { aes256 } = openpgp.enums.symmetric;
  const sealed = Object.assign(make(how), { packets: { write: () => inner } });
  await sealed.encrypt(aes256, data, openpgp.config);
  return [...split(keys), { tag: TAGS[how], body: sealed.write() }];
}

const TAGS = { mdc: TAG.protected, version2: TAG.protected, none: TAG.unprotected, aead: TAG.aead } as const;

interface DataPacket {
  encrypt(algorithm: number, key: Uint8Array, config: unknown): Promise<unknown>;
  write(): Uint8Array;
}

function make(how: keyof typeof TAGS): DataPacket {
  const { SymEncryptedIntegrityProtectedDataPacket, SymmetricallyEncryptedDataPacket, AEADEncryptedDataPacket, enums } =
    openpgp;
  if (how === "none") return new SymmetricallyEncryptedDataPacket() as unknown as DataPacket;
  if (how === "aead") {
    return Object.assign(new AEADEncryptedDataPacket(), { aeadAlgorithm: enums.aead.ocb }) as unknown as DataPacket;
  }
  const version = how === "version2" ? { version: 2, aeadAlgorithm: enums.aead.ocb } : { version: 1 };
  return Object.assign(new SymEncryptedIntegrityProtectedDataPacket(), version) as unknown as DataPacket;
}

/** Compressed by an algorithm of zlib. */
export async function compressed(inner: Uint8Array, how: "deflate-raw" | "deflate" = "deflate-raw"): Promise<Packet> {
  const stream = new Blob([inner.slice()]).stream().pipeThrough(new CompressionStream(how));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return { tag: TAG.compressed, body: concat(Uint8Array.of(how === "deflate-raw" ? 1 : 2), bytes) };
}

/** A literal. */
export function literal(
  text: Uint8Array,
  { format = "b", name = "" }: { readonly format?: string; readonly name?: string } = {},
): Packet {
  const encoded = new TextEncoder().encode(name);
  return {
    tag: TAG.literal,
    body: concat(Uint8Array.of(format.charCodeAt(0), encoded.length), encoded, new Uint8Array(4), text),
  };
}

/** What may be said in a signature. */
export interface ByHand {
  readonly date?: Date;
  /** Type of the signature. Default: of bytes. */
  readonly type?: number;
  readonly hash?: number;
  /** Seconds after its date. */
  readonly expires?: number;
  /** One more subpacket. */
  readonly extra?: Uint8Array;
}

/** Signed as no program does it: nobody asks whether the key may. */
export async function signedByHand(key: Key, text: Uint8Array, says: ByHand = {}): Promise<readonly Packet[]> {
  const { enums, LiteralDataPacket, SignaturePacket } = openpgp;
  const { date = new Date(), type = enums.signature.binary, hash = enums.hash.sha256, expires, extra } = says;
  const { keyPacket } = key as openpgp.PrivateKey;
  const signature = Object.assign(new SignaturePacket(), {
    signatureType: type,
    hashAlgorithm: hash,
    publicKeyAlgorithm: keyPacket.algorithm,
    ...(expires === undefined ? {} : { signatureExpirationTime: expires, signatureNeverExpires: false }),
  }) as unknown as openpgp.SignaturePacket & Writable;
  const usual = signature.writeHashedSubPackets;
  signature.writeHashedSubPackets = function () {
    const subpackets = concat(usual.call(this).subarray(2), extra ?? new Uint8Array(0));
    return concat(Uint8Array.of(subpackets.length >> 8, subpackets.length & 0xff), subpackets);
  };
  const data = Object.assign(new LiteralDataPacket(), {}) as unknown as {
    setBytes(text: Uint8Array, format: number): void;
  };
  data.setBytes(text, enums.literal.binary);
  await signature.sign(keyPacket, data as unknown as Uint8Array, date, false, {
    ...openpgp.config,
    nonDeterministicSignaturesViaNotation: false,
  });
  const id = Uint8Array.fromHex(key.getKeyID().toHex());
  const before = concat(Uint8Array.of(3, type, hash, keyPacket.algorithm), id, Uint8Array.of(1));
  return [{ tag: TAG.onePass, body: before }, literal(text), { tag: TAG.signature, body: signature.write() }];
}

interface Writable {
  writeHashedSubPackets(): Uint8Array;
  write(): Uint8Array;
  sign(key: unknown, data: Uint8Array, date: Date, detached: boolean, config: unknown): Promise<void>;
}
