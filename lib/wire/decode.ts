/**
 * From decrypted bytes to a message. Strict: what decodes encodes to the same bytes, everything else (except the `=` of
 * old clients, where the caller allows it) is a fault with the number that the C library gives it (facts/wire 10,
 * facts/decisions 1). Nothing here throws.
 */
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { equalConstantTime, isPrintable, latin1Text, textBytes, utf8Text } from "../bytes.ts";
import { digestsOfLength } from "../crypto/digest.ts";
import type { CryptoEngine, DigestName } from "../crypto/engine.ts";
import { type Fault, fault, type FaultCode } from "../faults.ts";
import {
  MAX_CLIENT_TIMEOUT,
  MAX_MESSAGE_BASE64,
  MAX_NAT_BASE64,
  MAX_SERVER_AUTH,
  MAX_SPA_LENGTH,
  MAX_TIMESTAMP_DIGITS,
  MAX_USERNAME_BASE64,
  MAX_VERSION_LENGTH,
  MIN_SPA_LENGTH,
} from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import { parseMessage, parseNat } from "./message_text.ts";
import {
  badUsernameCharacter,
  FIXED_FIELDS,
  isMessageType,
  isRandom,
  isVersion,
  maxFields,
  MESSAGE_TYPES,
  parseNumber,
} from "./fields.ts";
import type { MessageType, NatTarget, SpaFields, SpaMessage, SpaRequest } from "./message.ts";

/** The fields with their meaning, digest aside. */
export interface DecodedFields extends SpaFields {
  readonly request: SpaRequest;
  readonly nat: NatTarget | null;
}

/** Fewer colons cannot hold the fixed fields and the digest; more cannot be any type's. */
const MIN_COLONS = FIXED_FIELDS;
const MAX_COLONS = 11;

/**
 * Checks the digest, then reads the fields. `plaintext`: what decryption gave, padding removed. `equalSigns`: take fields with
 * the `=` of their base64, which the C programs cut off and the clients in Perl (1.9), Erlang and R send.
 */
export async function decodeMessage(
  engine: Pick<CryptoEngine, "digest">,
  plaintext: Uint8Array,
  { equalSigns = false } = {},
): Promise<Result<SpaMessage, Fault>> {
  if (plaintext.length < MIN_SPA_LENGTH || plaintext.length > MAX_SPA_LENGTH) return refuse("plaintext-length");
  if (!isPrintable(plaintext)) return refuse("plaintext-not-printable");
  const text = latin1Text(plaintext);
  const colons = text.split(":").length - 1;
  if (colons < MIN_COLONS) return refuse("too-few-fields");
  const end = text.lastIndexOf(":");
  const [encoded, digest] = [text.slice(0, end), text.slice(end + 1)];
  const candidates = digestsOfLength(digest.length);
  if (candidates.length === 0 || colons > MAX_COLONS) return refuse("digest-type-unknown");
  const digestName = await matchingDigest(engine, plaintext.subarray(0, end), digest, candidates);
  if (digestName === null) return refuse("digest-mismatch");
  const fields = decodeFields(equalSigns ? withoutEqualSigns(encoded) : encoded);
  return fields.ok ? ok({ ...fields.value, digestName, digest, encoded }) : fields;
}

/** SHA-3 has the lengths of SHA-2: both are tried, in the order of their numbers (facts/wire 5). */
async function matchingDigest(
  engine: Pick<CryptoEngine, "digest">,
  data: Uint8Array,
  digest: string,
  candidates: readonly DigestName[],
): Promise<DigestName | null> {
  const given = textBytes(digest);
  for (const name of candidates) {
    const expected = textBytes(encodeBase64(await engine.digest(name, data)));
    if (equalConstantTime(given, expected)) return name;
  }
  return null;
}

/** Only those that belong there: so many that the field has whole groups of four. */
function withoutEqualSigns(encoded: string): string {
  if (!encoded.includes("=")) return encoded;
  return encoded.split(":").map((field) => field.length % 4 === 0 ? field.replace(/={1,2}$/, "") : field).join(":");
}

/** Reads the colon text without its digest. */
export function decodeFields(encoded: string): Result<DecodedFields, Fault> {
  const [random = "", user = "", stamp = "", version = "", typeDigits = "", text = "", ...optional] = encoded.split(
    ":",
  );
  if (encoded.length < MIN_SPA_LENGTH) return refuse("plaintext-length");
  if (!isRandom(random)) return refuse("random-invalid");
  const username = decodeUsername(user);
  if (!username.ok) return username;
  const timestamp = decodeTimestamp(stamp);
  if (!timestamp.ok) return timestamp;
  if (version.length > MAX_VERSION_LENGTH) return refuse("version-too-long");
  if (!isVersion(version)) return refuse("version-invalid");
  const type = decodeType(typeDigits);
  if (!type.ok) return type;
  if (FIXED_FIELDS + optional.length > maxFields(type.value)) return refuse("wrong-field-count");
  const message = decodeRequest(type.value, text);
  if (!message.ok) return message;
  const rest = decodeOptional(type.value, optional);
  if (!rest.ok) return rest;
  const head = { random, username: username.value, timestamp: timestamp.value, version, type: type.value };
  return ok({ ...head, ...message.value, ...rest.value });
}

function decodeUsername(text: string): Result<string, Fault> {
  if (text === "") return refuse("username-missing");
  if (text.length > MAX_USERNAME_BASE64) return refuse("username-too-long");
  const bytes = decodeBase64(text);
  if (bytes === null) return refuse("username-base64");
  const username = latin1Text(bytes);
  return badUsernameCharacter(username) < 0 ? ok(username) : refuse("username-invalid");
}

function decodeTimestamp(text: string): Result<number, Fault> {
  if (text === "") return refuse("timestamp-missing");
  if (text.length > MAX_TIMESTAMP_DIGITS) return refuse("timestamp-too-long");
  const timestamp = parseNumber(text);
  return timestamp === null ? refuse("timestamp-invalid") : ok(timestamp);
}

function decodeType(text: string): Result<MessageType, Fault> {
  if (text === "") return refuse("type-missing");
  if (text.length > 2) return refuse("type-too-long");
  const type = parseNumber(text);
  return type !== null && isMessageType(type) ? ok(type) : refuse("type-invalid");
}

function decodeRequest(type: MessageType, base64: string): Result<{ message: string; request: SpaRequest }, Fault> {
  if (base64 === "") return refuse("message-missing");
  if (base64.length > MAX_MESSAGE_BASE64) return refuse("message-too-long");
  const bytes = decodeBase64(base64);
  if (bytes === null) return refuse("message-base64");
  const message = utf8Text(bytes);
  const request = message === null ? null : parseMessage(type, message);
  if (message === null || !request?.ok) return refuse(type === 0 ? "command-invalid" : "access-invalid");
  return ok({ message, request: request.value });
}

type OptionalFields = Pick<DecodedFields, "natAccess" | "nat" | "serverAuth" | "clientTimeout">;

/** The fields after the message: their number has been checked against the type. */
function decodeOptional(type: MessageType, given: readonly string[]): Result<OptionalFields, Fault> {
  const row = MESSAGE_TYPES[type];
  const rest = [...given];
  const nat = row.nat ? decodeNat(rest.shift() ?? "") : ok({ natAccess: null, nat: null });
  if (!nat.ok) return nat;
  // The timeout is always the last one; what remains before it is server_auth.
  const timeout = row.timeout ? decodeTimeout(rest.pop() ?? "") : ok(0);
  const serverAuth = decodeServerAuth(rest[0] ?? null, row.timeout);
  if (!serverAuth.ok) return serverAuth;
  if (!timeout.ok) return timeout;
  return ok({ ...nat.value, serverAuth: serverAuth.value, clientTimeout: timeout.value });
}

function decodeNat(base64: string): Result<Pick<DecodedFields, "natAccess" | "nat">, Fault> {
  if (base64 === "") return refuse("nat-missing");
  if (base64.length > MAX_NAT_BASE64) return refuse("nat-too-long");
  const bytes = decodeBase64(base64);
  if (bytes === null) return refuse("nat-base64");
  const natAccess = latin1Text(bytes);
  const nat = parseNat(natAccess);
  return nat.ok ? ok({ natAccess, nat: nat.value }) : refuse("nat-invalid");
}

/** Types with a timeout have their own numbers for the same faults. Longer values than the setter takes cannot have been sent. */
function decodeServerAuth(base64: string | null, timeoutFollows: boolean): Result<string | null, Fault> {
  if (base64 === null) return ok(null);
  const [length, content] = timeoutFollows
    ? ["extra-too-long", "extra-base64"] as const
    : ["server-auth-missing", "server-auth-base64"] as const;
  if (base64 === "") return refuse(timeoutFollows ? content : length);
  const bytes = decodeBase64(base64);
  if (bytes === null) return refuse(content);
  if (bytes.length > MAX_SERVER_AUTH) return refuse(length);
  const text = utf8Text(bytes);
  return text === null || text.includes("\0") ? refuse(content) : ok(text);
}

function decodeTimeout(text: string): Result<number, Fault> {
  if (text === "") return refuse("timeout-missing");
  if (text.length > MAX_MESSAGE_BASE64) return refuse("timeout-too-long");
  if (/^[1-9][0-9]{5,}$/.test(text)) return refuse("timeout-out-of-range");
  const timeout = parseNumber(text);
  if (timeout === null) return refuse("timeout-invalid");
  return timeout > MAX_CLIENT_TIMEOUT ? refuse("timeout-out-of-range") : ok(timeout);
}

function refuse(code: FaultCode): { readonly ok: false; readonly fault: Fault } {
  return fail(fault(code));
}
