/**
 * Whether a payload can be an SPA packet at all: the cheapest tests first, no key touched. Pure. See facts/packets 3,
 * with the prefix tests after the HTTP text is extracted, where they belong.
 */
import { fromUrlForm } from "../../lib/base64.ts";
import type { Ip } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { hasPrefix } from "../../lib/wire/envelope.ts";
import { forwardedFor, type HttpRequest, parseHttpRequest, valuesOf } from "./http_request.ts";

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
}

/** `number`: of facts/process 9. `remark`: a warning worth a line; what is shaped like no packet is not worth any. */
export interface CandidateFault {
  readonly number: 4096 | 4098;
  readonly remark: string | null;
}

const BAD_DATA: CandidateFault = { number: 4096, remark: null };
const NOT_SPA: CandidateFault = { number: 4098, remark: null };

/** Without `=`: nobody sends it, and accepting it would give one packet many spellings (facts/decisions 1). */
const BASE64_TEXT = /^[A-Za-z0-9+/]+$/;

/** Takes a payload to the packet text in it, or says why there is none. Never throws. */
export function findCandidate(payload: Uint8Array, http: HttpPolicy): Result<Candidate, CandidateFault> {
  if (payload.length < MIN_PAYLOAD || payload.length > MAX_PAYLOAD) return fail(BAD_DATA);
  const content = text(payload);
  const request = http.enabled ? parseHttpRequest(content) : null;
  return request === null ? checkText(content, null) : unwrapHttp(request, http);
}

function checkText(wire: string, forwardedFor: Ip | null): Result<Candidate, CandidateFault> {
  if (!BASE64_TEXT.test(wire)) return fail(NOT_SPA);
  return hasPrefix(wire) ? fail(BAD_DATA) : ok({ wire, forwardedFor });
}

function unwrapHttp(request: HttpRequest, http: HttpPolicy): Result<Candidate, CandidateFault> {
  const { path } = request;
  if (!http.anyUserAgent && !valuesOf(request, "user-agent").some((agent) => agent.startsWith("Fwknop"))) {
    return fail(BAD_DATA);
  }
  if (path.length < MIN_PAYLOAD) return fail(BAD_DATA);
  const found = checkText(fromUrlForm(path), null);
  if (!found.ok || !http.trustForwardedFor) return found;
  const client = forwardedFor(request);
  if (client.ok) return ok({ ...found.value, forwardedFor: client.value });
  // Not even for the source of the packet, which is the proxy: everybody behind it would get in.
  return fail({ number: 4096, remark: `Error parsing X-Forwarded-For header: ${client.fault}` });
}

const decoder = new TextDecoder("latin1");

/** One character a byte; bytes above 127 become characters that no later test lets through. */
function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
