/**
 * The SPA format of fwknop 2.6 as pure functions: no I/O, no clock, no randomness, and hostile input comes back as a value.
 *
 * Seal a request. The time and the source of randomness are yours to give; bytes that come twice are a mistake.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { webEngine } from "./crypto/web_engine.ts";
 * import { parseIp, seal, type Secrets } from "./mod.ts";
 *
 * const secrets: Secrets = {
 *   cipher: { kind: "rijndael", key: crypto.getRandomValues(new Uint8Array(32)), mode: "cbc" },
 *   hmac: { name: "sha256", key: crypto.getRandomValues(new Uint8Array(64)) },
 * };
 * const allow = parseIp("2001:db8::7");
 * assert(allow.ok);
 * const packet = await seal(
 *   webEngine,
 *   {
 *     kind: "access",
 *     allow: allow.value,
 *     services: [{ proto: "tcp", port: 22 }],
 *     nat: null,
 *     timeout: 30,
 *     user: "alice",
 *     digest: "sha256",
 *   },
 *   secrets,
 *   { now: Math.floor(Date.now() / 1000), random: (length) => crypto.getRandomValues(new Uint8Array(length)) },
 * );
 * assert(packet.ok);
 * assert(packet.value.fields.message === "2001:db8::7,tcp/22");
 * assert(packet.value.fields.type === 3); // the timeout made "access" an "access with timeout"
 * ```
 *
 * Open a packet, here one that the C client made. Whether it is fresh, seen before, or asks for too much is yours to judge.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { nobleEngine } from "./crypto/noble_engine.ts";
 * import { contentDigest, faultText, open, replayDigest, type Secrets } from "./mod.ts";
 *
 * const secrets = (key: string): Secrets => ({
 *   cipher: { kind: "rijndael", key: new TextEncoder().encode(key), mode: "cbc" },
 *   hmac: null,
 * });
 * const wire = "/+gA69p/BcRdk6ykJmGp6D1LIphoGpx9NmT/oMUsgrw9Ha/tXuzGXOaQemfVVZKyQ8G0XzTVHHiK7NmuYOdODeAlyFx4kZBTH44n" +
 *   "14/73D5ZImOsqRGeEeI9BlUZORMw9Uh4Hefk3P+wHoZVg4kr9rHu/ZqIKEep4";
 *
 * const opened = await open(nobleEngine, wire, secrets("shortkey"));
 * assert(opened.ok);
 * assert(opened.value.message === "192.0.2.10,tcp/22,udp/53");
 * assert(opened.value.request.kind === "access" && opened.value.request.services[1]?.port === 53);
 *
 * // What a replay store has to remember: the packet, and what it says, which is the same in another wrapping.
 * assert((await replayDigest(nobleEngine, wire)).length === 43);
 * assert((await contentDigest(nobleEngine, opened.value)).length === 43);
 * assert((await open(nobleEngine, `${wire}=`, secrets("shortkey"))).ok === false);
 *
 * // A wrong key is not an exception.
 * const refused = await open(nobleEngine, wire, secrets("wrong"));
 * assert(!refused.ok && refused.fault.code === "not-decryptable" && refused.fault.number === 107);
 * assert.match(faultText(refused.fault), /not a decryptable SPA message/);
 * ```
 *
 * The engines are modules of their own, because either loads what the other does not need: `crypto/noble_engine.ts`
 * (synchronous, all of noble) and `crypto/web_engine.ts` (WebCrypto, the rest when it is asked for).
 *
 * @module
 */
export { fail, ok, type Result } from "./result.ts";
export { allFaults, type Fault, fault, type FaultCode, faultText } from "./faults.ts";
export { PROTOCOL_VERSION } from "./limits.ts";

export { contentDigest, open, replayDigest } from "./spa/open.ts";
export { seal, type SealedPacket, sealFields, type SealMoment } from "./spa/seal.ts";
export {
  type KnockRequest,
  messageType,
  type NatRequest,
  type SealRequest,
  type ServiceRequest,
} from "./spa/request.ts";

export type { CryptoEngine, DigestName, RijndaelMode } from "./crypto/engine.ts";
export type { GpgSecret, HmacKey, RijndaelSecret, RijndaelSecrets, Secrets } from "./crypto/secrets.ts";
export { chooseSecrets } from "./wire/envelope.ts";
export { DIGESTS, MODES, parseDigestName, parseModeName } from "./crypto/digest.ts";

export type {
  AccessRequest,
  CommandRequest,
  MessageType,
  NatTarget,
  SpaFields,
  SpaMessage,
  SpaRequest,
} from "./wire/message.ts";
export { formatMessage, formatNat, parseMessage, parseNat } from "./wire/message_text.ts";
export { encodeFields } from "./wire/encode.ts";
export { decodeFields } from "./wire/decode.ts";

export { fromUrlForm, toUrlForm } from "./base64.ts";
export { type Ip, ipFromBytes, parseIp } from "./net/address.ts";
export { formatService, parseService, type Service } from "./net/service.ts";
