/**
 * Whether a payload can be an SPA packet at all: the cheapest tests first, no key touched. Pure. Facts: server D.3,
 * with the prefix tests after the HTTP text is extracted, where they belong.
 */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** Payload length of an SPA packet on the wire, of an HTTP request too. */
export const MIN_PAYLOAD = 140;
export const MAX_PAYLOAD = 1499;

/** What fwknopd.conf says of SPA over HTTP. */
export interface HttpPolicy {
  readonly enabled: boolean;
  readonly anyUserAgent: boolean;
  readonly trustForwardedFor: boolean;
}

export interface Candidate {
  /** Base64 text without prefix, tag included: what the replay digest covers and `open` takes. */
  readonly wire: string;
  /** The client behind a trusted proxy, where the request named one. */
  readonly forwardedFor: Ip | null;
  /** A warning worth a line although the packet goes on. */
  readonly remark: string | null;
}

/** Numbers of server G.3. */
export type CandidateFault = { readonly number: 4096 | 4098 };

const BAD_DATA: CandidateFault = { number: 4096 };
const NOT_SPA: CandidateFault = { number: 4098 };

/** Without `=`: nobody sends it, and accepting it would give one packet many spellings (decisions.md). */
const BASE64_TEXT = /^[A-Za-z0-9+/]+$/;

/** Takes a payload to the packet text in it, or says why there is none. Never throws. */
export function findCandidate(payload: Uint8Array, http: HttpPolicy): Result<Candidate, CandidateFault> {
  if (payload.length < MIN_PAYLOAD || payload.length > MAX_PAYLOAD) return fail(BAD_DATA);
  if (http.enabled && startsWithGet(payload)) return unwrapHttp(payload, http);
  return checkText(text(payload), null, null);
}

/** The start that clients cut off before sending: whoever sends it repeats a packet in another spelling. */
function hasClientPrefix(wire: string): boolean {
  return wire.startsWith("U2FsdGVkX1") || (wire.length > 400 && wire.startsWith("hQ"));
}

function checkText(wire: string, forwardedFor: Ip | null, remark: string | null): Result<Candidate, CandidateFault> {
  if (!BASE64_TEXT.test(wire)) return fail(NOT_SPA);
  return hasClientPrefix(wire) ? fail(BAD_DATA) : ok({ wire, forwardedFor, remark });
}

function startsWithGet(payload: Uint8Array): boolean {
  return text(payload.subarray(0, 5)).toUpperCase() === "GET /";
}

function unwrapHttp(payload: Uint8Array, http: HttpPolicy): Result<Candidate, CandidateFault> {
  const request = text(payload);
  if (!http.anyUserAgent && !request.includes("User-Agent: Fwknop")) return fail(BAD_DATA);
  const forwarded = http.trustForwardedFor ? findForwardedFor(request) : null;
  const path = /^[^\s]*/.exec(request.slice(5))?.[0] ?? "";
  if (path.length < MIN_PAYLOAD) return fail(BAD_DATA);
  const wire = path.replaceAll("-", "+").replaceAll("_", "/");
  return checkText(wire, forwarded?.ip ?? null, forwarded?.remark ?? null);
}

/** `X-Forwarded-For: A` with one address up to the next white space; a list is not taken. */
function findForwardedFor(request: string): { ip: Ip | null; remark: string | null } | null {
  const value = /X-Forwarded-For: ([^\s]*)/i.exec(request)?.[1];
  if (value === undefined) return null;
  const ip = parseIp(value);
  if (ip.ok) return { ip: ip.value, remark: null };
  const shown = value.slice(0, 64).replaceAll(/[^\x21-\x7e]/g, "?");
  return { ip: null, remark: `Error parsing X-Forwarded-For header: value '${shown}' is not an IP address` };
}

const decoder = new TextDecoder("latin1");

/** One character a byte; bytes above 127 become characters that no later test lets through. */
function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
