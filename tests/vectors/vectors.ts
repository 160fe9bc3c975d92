/**
 * The frozen packets, one file each. A file's name says what it is, its `why` what it is kept for:
 *
 * - `messages/`: packets with everything that is inside them. One that no longer encodes to these bytes is a broken format.
 *   K64 and H64 in their `args` are the base64 of `key_hex` and `hmac_key_hex`.
 * - `clients/`: packets of clients that were in use from 2008 to 2019, with the lines of access.conf that open them, and
 *   `requests/`: the same over HTTP. Both as the test suite of fwknop 2.6.11 keeps them (test/tests/*.pl and
 *   test/conf/*.pcap): facts of other programs, never to be made anew.
 */
import type { DigestName, RijndaelMode } from "../../lib/crypto/engine.ts";
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";

/** A packet and what is inside it. */
export interface SpaVector {
  readonly name: string;
  readonly digest: DigestName;
  readonly keys: RijndaelSecrets;
  readonly salt: Uint8Array;
  readonly aesKey: Uint8Array;
  readonly iv: Uint8Array;
  /** With the digest. */
  readonly plaintext: string;
  readonly packet: string;
}

/** What a foreign client sent, and the lines of access.conf with which it opens. */
export interface ClientVector {
  readonly name: string;
  readonly client: string;
  readonly access: readonly string[];
  readonly packet: string;
}

/** A packet in a request over HTTP. */
export interface RequestVector extends Omit<ClientVector, "packet"> {
  readonly request: string;
  /** The address that it opens for. */
  readonly opensFor: string;
}

interface SpaFile {
  readonly why: string;
  readonly mode: RijndaelMode;
  readonly digest: DigestName;
  readonly key_hex: string;
  readonly hmac: DigestName | null;
  readonly hmac_key_hex: string | null;
  readonly salt: string;
  readonly aes_key: string;
  readonly iv: string;
  readonly plaintext: string;
  readonly packet: string;
}

/** The packets of `messages/`, in the order of their names. */
export const SPA_VECTORS: readonly SpaVector[] = load<SpaFile>("messages").map((file) => ({
  name: file.name,
  digest: file.digest,
  keys: {
    cipher: { kind: "rijndael", key: hexBytes(file.key_hex), mode: file.mode },
    hmac: file.hmac === null || file.hmac_key_hex === null
      ? null
      : { name: file.hmac, key: hexBytes(file.hmac_key_hex) },
  },
  salt: hexBytes(file.salt),
  aesKey: hexBytes(file.aes_key),
  iv: hexBytes(file.iv),
  plaintext: file.plaintext,
  packet: file.packet,
}));

/** The packets of `clients/`. */
export const CLIENT_VECTORS: readonly ClientVector[] = load("clients");

/** The requests of `requests/`. */
export const REQUEST_VECTORS: readonly RequestVector[] = load("requests");

/** The packet of `messages/` of that name. */
export function spaVector(name: string): SpaVector {
  const found = SPA_VECTORS.find((vector) => vector.name === name);
  if (found === undefined) throw new Error(`There is no tests/vectors/messages/${name}.json`);
  return found;
}

/** Pairs of hexadecimal digits to bytes. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Every file of a folder, sorted by name. One without a reason is not kept. */
function load<File>(folder: string): (File & { readonly name: string })[] {
  const at = new URL(`${folder}/`, import.meta.url);
  const names = [...Deno.readDirSync(at)].map(({ name }) => name).sort();
  return names.map((name) => {
    const file = JSON.parse(Deno.readTextFileSync(new URL(name, at)));
    if (typeof file.why !== "string" || file.why === "") {
      throw new Error(`tests/vectors/${folder}/${name} has no "why"`);
    }
    return { ...file, name: name.replace(/\.json$/, "") };
  });
}
