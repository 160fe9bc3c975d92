/**
 * From fields to the colon text of an SPA message. Refuses every value that no decoder takes, so that nothing is sent
 * which the server silently drops (facts/wire 3, facts/wire 4, COMPATIBILITY F5). Pure: the random value and the time
 * come in the fields.
 */
import { encodeBase64 } from "../base64.ts";
import { textBytes, utf8Bytes } from "../bytes.ts";
import { isDigestName } from "../crypto/digest.ts";
import type { CryptoEngine, DigestName } from "../crypto/engine.ts";
import { type Fault, fault, type FaultCode } from "../faults.ts";
import {
  MAX_CLIENT_TIMEOUT,
  MAX_MESSAGE_BASE64,
  MAX_MESSAGE_SET,
  MAX_NAT_SET,
  MAX_SERVER_AUTH,
  MAX_SPA_LENGTH,
  MAX_TIMESTAMP,
  MAX_USERNAME_BASE64,
  MAX_VERSION_LENGTH,
  MIN_SPA_LENGTH,
} from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import { type MessageProblem, parseMessage, parseNat } from "./message_text.ts";
import { badUsernameCharacter, isMessageType, isRandom, isVersion, MESSAGE_TYPES } from "./fields.ts";
import type { MessageType, SpaFields } from "./message.ts";

/** A message ready for encryption. */
export interface EncodedMessage {
  /** The colon text without its digest. */
  readonly encoded: string;
  /** b64n of the digest over `encoded`. */
  readonly digest: string;
  /** What is encrypted: `encoded`, a colon, `digest`. */
  readonly plaintext: Uint8Array<ArrayBuffer>;
}

/** Encodes the fields and adds their digest. An unknown digest name is fault 45. */
export async function encodeMessage(
  engine: Pick<CryptoEngine, "digest">,
  fields: SpaFields,
  digestName: DigestName,
): Promise<Result<EncodedMessage, Fault>> {
  if (!isDigestName(digestName)) return fail(fault("digest-type-invalid"));
  const text = encodeFields(fields);
  if (!text.ok) return text;
  const digest = encodeBase64(await engine.digest(digestName, textBytes(text.value)));
  const plaintext = textBytes(`${text.value}:${digest}`);
  return ok({ encoded: text.value, digest, plaintext });
}

/** The exact reverse of `decodeFields`: what it writes decodes to the same fields, and what decodes is written the same. */
export function encodeFields(fields: SpaFields): Result<string, Fault> {
  const code = fieldFault(fields);
  if (code !== null) return fail(fault(code));
  const text = [
    fields.random,
    encodeText(fields.username),
    fields.timestamp,
    fields.version,
    fields.type,
    encodeText(fields.message),
    ...(fields.natAccess === null ? [] : [encodeText(fields.natAccess)]),
    ...(fields.serverAuth === null ? [] : [encodeText(fields.serverAuth)]),
    ...(MESSAGE_TYPES[fields.type].timeout ? [fields.clientTimeout] : []),
  ].join(":");
  if (text.length < MIN_SPA_LENGTH || text.length > MAX_SPA_LENGTH) return fail(fault("encoded-length"));
  return ok(text);
}

function encodeText(text: string): string {
  return encodeBase64(textBytes(text));
}

function fieldFault(fields: SpaFields): FaultCode | null {
  if (!isRandom(fields.random)) return "random-length";
  if (!isMessageType(fields.type)) return "message-type-invalid";
  return usernameFault(fields.username) ?? timestampFault(fields.timestamp) ?? versionFault(fields.version) ??
    messageFault(fields.type, fields.message) ?? natFault(fields) ?? serverAuthFault(fields.serverAuth) ??
    timeoutFault(fields);
}

/** Why no packet can carry the user name; null when one can. */
export function usernameFault(username: string): FaultCode | null {
  if (username === "") return "user-missing";
  const bad = badUsernameCharacter(username);
  if (bad >= 0) return bad === 0 ? "user-first-character" : "user-character";
  return encodeText(username).length > MAX_USERNAME_BASE64 ? "username-too-long" : null;
}

function timestampFault(timestamp: number): FaultCode | null {
  if (!Number.isInteger(timestamp) || timestamp < 0) return "timestamp-negative";
  return timestamp > MAX_TIMESTAMP ? "timestamp-too-long" : null;
}

function versionFault(version: string): FaultCode | null {
  if (version.length > MAX_VERSION_LENGTH) return "version-too-long";
  return isVersion(version) ? null : "version-invalid";
}

const MESSAGE_FAULTS: Readonly<Record<MessageProblem, FaultCode>> = {
  allow: "allow-ip-invalid",
  command: "command-message-invalid",
  access: "access-message-invalid",
};

function messageFault(type: MessageType, message: string): FaultCode | null {
  if (message === "") return "message-empty";
  if (textBytes(message).length > MAX_MESSAGE_SET) return "value-too-long";
  const parsed = parseMessage(type, message);
  if (!parsed.ok) return MESSAGE_FAULTS[parsed.fault];
  return encodeText(message).length > MAX_MESSAGE_BASE64 ? "message-too-long" : null;
}

function natFault({ type, natAccess }: SpaFields): FaultCode | null {
  if (!MESSAGE_TYPES[type].nat) return natAccess === null ? null : "wrong-field-count";
  if (natAccess === null) return "field-missing";
  if (natAccess === "") return "nat-empty";
  if (natAccess.length > MAX_NAT_SET) return "value-too-long";
  return parseNat(natAccess).ok ? null : "nat-access-invalid";
}

function serverAuthFault(serverAuth: string | null): FaultCode | null {
  if (serverAuth === null) return null;
  if (serverAuth === "") return "server-auth-empty";
  const bytes = utf8Bytes(serverAuth);
  if (bytes === null || bytes.includes(0)) return "server-auth-base64";
  return bytes.length > MAX_SERVER_AUTH ? "value-too-long" : null;
}

function timeoutFault({ type, clientTimeout }: SpaFields): FaultCode | null {
  if (!(clientTimeout >= 0)) return "timeout-negative";
  if (!Number.isInteger(clientTimeout)) return "timeout-invalid";
  if (clientTimeout > MAX_CLIENT_TIMEOUT) return "timeout-out-of-range";
  return clientTimeout > 0 && !MESSAGE_TYPES[type].timeout ? "timeout-invalid" : null;
}
