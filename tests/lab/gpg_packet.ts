/** Packets for GnuPG, sealed in this process, and the text of one for whoever wraps it otherwise. */
import { textBytes } from "../../lib/bytes.ts";
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import { randomBytes } from "../../lib/host/entropy.ts";
import { parseIp } from "../../lib/net/address.ts";
import { parseService } from "../../lib/net/service.ts";
import { openKeyFiles } from "../../lib/openpgp/key_files.ts";
import { seal } from "../../lib/spa/seal.ts";
import { good, now } from "../lib/openpgp/engines.ts";
import type { GpgHome, GpgKeyName } from "./gpg_home.ts";

/** What is asked for. */
export interface Asked {
  readonly allow: string;
  /** Such as `tcp/22`. */
  readonly service: string;
}

/** Wraps a text into an OpenPGP message. */
export type Wrap = (text: Uint8Array) => Promise<Uint8Array>;

/** The text on the wire, with an HMAC where there is a key for one (base64, as in a stanza). */
export async function gpgPacket(
  { allow, service }: Asked,
  wrap: Wrap,
  hmacBase64: string | null = null,
): Promise<string> {
  const [ip, port] = [parseIp(allow), parseService(service)];
  if (!ip.ok || !port.ok) throw new Error(`cannot ask for ${service} on behalf of ${allow}`);
  const request = {
    ...{ kind: "access", allow: ip.value, services: [port.value], nat: null, timeout: 0 } as const,
    ...{ user: "test", digest: "sha256" } as const,
  };
  const hmac = hmacBase64 === null ? null : { name: "sha256", key: Uint8Array.fromBase64(hmacBase64) } as const;
  const moment = { now: now(), random: randomBytes, encrypt: wrap };
  const sealed = await seal(nobleEngine, request, { cipher: { kind: "gpg" }, hmac }, moment);
  if (!sealed.ok) throw new Error(`cannot seal: ${JSON.stringify(sealed.fault)}`);
  return sealed.value.wire;
}

/** As clients do it, by key files. */
export async function sealerOf(home: GpgHome, recipient: GpgKeyName, signer: GpgKeyName | null): Promise<Wrap> {
  const file = async (name: GpgKeyName, secret: boolean) => {
    const path = await home.keyFile(name, { secret });
    return { path, bytes: Deno.readFileSync(path) };
  };
  const files = { recipient: await file(recipient, false), signer: signer && await file(signer, true), now };
  const sealing = good(await good(await openKeyFiles(files)).unlock(textBytes("")));
  return async (text) => good(await sealing(text));
}
