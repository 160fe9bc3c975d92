/**
 * Whether a payload can be an SPA packet at all: the cheapest tests first, no key touched. Pure. See facts/packets 3,
 * with the prefix tests after the HTTP text is extracted, where they belong.
 */
import { fromUrlForm, isBase64 } from "../../lib/base64.ts";
import { textBytes } from "../../lib/bytes.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { AddressList } from "../../lib/net/cidr.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { hasPrefix } from "../../lib/wire/envelope.ts";
import { type Datagram, MAX_PAYLOAD, MIN_PAYLOAD } from "../packet/datagram.ts";
import { forwardedBy, forwardedFor, type HttpRequest, parseHttpRequest, valuesOf } from "./http_request.ts";

/** What fwknopd.conf says of SPA over HTTP. */
export interface HttpPolicy {
  readonly enabled: boolean;
  readonly anyUserAgent: boolean;
  readonly trustForwardedFor: boolean;
  /** HTTP_PROXIES: whose word on whom they speak for is taken; null: whoever sends the request. */
  readonly proxies: AddressList | null;
}

export interface Candidate {
  /** Base64 text without prefix, tag included: what the replay digest covers and `open` takes. */
  readonly wire: string;
  /** The same as bytes. */
  readonly bytes: Uint8Array;
  /** The client behind a trusted proxy, where the request named one. */
  readonly forwardedFor: Ip | null;
}

/** Why a payload is no packet, in the codes of `refusals.ts`. `reason`: worth a line; the others are shaped like no packet. */
export type CandidateFault =
  | { readonly code: "not-a-message" | "not-spa-data" }
  | { readonly code: "proxy-header"; readonly reason: string };

const NOT_A_MESSAGE: CandidateFault = { code: "not-a-message" };
const NOT_SPA_DATA: CandidateFault = { code: "not-spa-data" };

/** Takes a payload to the packet text in it, or says why there is none. Never throws. */
export function findCandidate(
  { payload, source }: Pick<Datagram, "payload" | "source">,
  http: HttpPolicy,
): Result<Candidate, CandidateFault> {
  if (payload.length < MIN_PAYLOAD || payload.length > MAX_PAYLOAD) return fail(NOT_A_MESSAGE);
  // There are blanks in every request: what has none, nor any other foreign byte, is looked at once.
  if (isBase64(payload)) return checkPrefix(payload);
  const request = http.enabled ? parseHttpRequest(latin1.decode(payload)) : null;
  return request === null ? fail(NOT_SPA_DATA) : unwrapHttp(request, source, http);
}

/** Without `=`: nobody sends it, and accepting it would give one packet many spellings (facts/decisions 1). */
function checkText(bytes: Uint8Array): Result<Candidate, CandidateFault> {
  return isBase64(bytes) ? checkPrefix(bytes) : fail(NOT_SPA_DATA);
}

function checkPrefix(bytes: Uint8Array): Result<Candidate, CandidateFault> {
  const wire = ascii.decode(bytes);
  return hasPrefix(wire) ? fail(NOT_A_MESSAGE) : ok({ wire, bytes, forwardedFor: null });
}

function unwrapHttp(request: HttpRequest, source: Ip, http: HttpPolicy): Result<Candidate, CandidateFault> {
  const { path } = request;
  if (!http.anyUserAgent && !valuesOf(request, "user-agent").some((agent) => agent.startsWith("Fwknop"))) {
    return fail(NOT_A_MESSAGE);
  }
  if (path.length < MIN_PAYLOAD) return fail(NOT_A_MESSAGE);
  const found = checkText(textBytes(fromUrlForm(path)));
  if (!found.ok || !http.trustForwardedFor) return found;
  const client = http.proxies === null ? forwardedFor(request) : forwardedBy(http.proxies, source, request);
  if (client.ok) return ok({ ...found.value, forwardedFor: client.value });
  // Not even for the source of the packet, which is the proxy: everybody behind it would get in.
  return fail({ code: "proxy-header", reason: `Error parsing X-Forwarded-For header: ${client.fault}` });
}

/** One character a byte; bytes above 127 become characters that no later test lets through. */
const latin1 = new TextDecoder("latin1");
/** Four times as fast where both give the same. */
const ascii = new TextDecoder("utf-8", { ignoreBOM: true });
