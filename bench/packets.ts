/** Packets for the benchmarks, sealed by the library in this process. */
import { nobleEngine } from "../lib/crypto/noble_engine.ts";
import { seal } from "../lib/spa/seal.ts";

/** The two secrets of a stanza. */
export interface Secrets {
  readonly encryption: Uint8Array;
  readonly hmac: Uint8Array;
}

/** Decodes the padded base64 of keys. */
export function bytesFromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The text of a packet that asks for `service` on behalf of `allow`, with the client's defaults. */
export async function sealAccess(
  request: { readonly allow: string; readonly service: string },
  secrets: Secrets,
): Promise<string> {
  const digits = crypto.getRandomValues(new Uint8Array(16)).map((byte) => byte % 10);
  const fields = {
    random: digits.join(""),
    username: "bench",
    timestamp: Math.floor(Date.now() / 1000),
    version: "3.0.0",
    type: 1,
    message: `${request.allow},${request.service}`,
    natAccess: null,
    serverAuth: null,
    clientTimeout: 0,
  } as const;
  const sealing = {
    cipher: { kind: "rijndael", key: secrets.encryption, mode: "cbc" },
    hmac: { name: "sha256", key: secrets.hmac },
  } as const;
  const sealed = await seal(nobleEngine, fields, "sha256", sealing, crypto.getRandomValues(new Uint8Array(8)));
  if (!sealed.ok) throw new Error(`cannot seal: ${JSON.stringify(sealed.fault)}`);
  return sealed.value.wire;
}
