/** Packets for the benchmarks, sealed by the library in this process. */
import { nobleEngine } from "../lib/crypto/noble_engine.ts";
import { randomBytes } from "../lib/host/entropy.ts";
import { parseIp } from "../lib/net/address.ts";
import { parseService } from "../lib/net/service.ts";
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

/**
 * The text of a packet that asks for `service` on behalf of `allow`, with the client's defaults, but for the hint in the salt:
 * without it a packet is as the C client's.
 */
export async function sealAccess(
  request: { readonly allow: string; readonly service: string },
  secrets: Secrets,
  { hint = false }: { readonly hint?: boolean } = {},
): Promise<string> {
  const [allow, service] = [parseIp(request.allow), parseService(request.service)];
  if (!allow.ok || !service.ok) throw new Error(`cannot ask for ${JSON.stringify(request)}`);
  const asked = {
    kind: "access",
    allow: allow.value,
    services: [service.value],
    nat: null,
    timeout: 0,
    user: "bench",
    digest: "sha256",
  } as const;
  const sealing = {
    cipher: { kind: "rijndael", key: secrets.encryption, mode: "cbc" },
    hmac: { name: "sha256", key: secrets.hmac },
  } as const;
  const moment = { now: Math.floor(Date.now() / 1000), random: randomBytes, hint };
  const sealed = await seal(nobleEngine, asked, sealing, moment);
  if (!sealed.ok) throw new Error(`cannot seal: ${JSON.stringify(sealed.fault)}`);
  return sealed.value.wire;
}
