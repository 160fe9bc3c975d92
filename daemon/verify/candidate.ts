/**
 * Whether a payload can be an SPA packet at all: the cheapest tests first, no key touched. Pure. See facts/packets 3,
 * with the prefix tests after the HTTP text is extracted, where they belong.
 */
import { fromUrlForm } from "../../lib/base64.ts";
import { isAscii } from "../../lib/bytes.ts";
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
  /** The client behind a trusted proxy, where the request named one. */
  readonly forwardedFor: Ip | null;
}

/** Why a payload is no packet, in the codes of `refusals.ts`. `reason`: worth a line; the others are shaped like no packet. */
export type CandidateFault =
  | { readonly code: "not-a-message" | "not-spa-data" }
  | { readonly code: "proxy-header"; readonly reason: string };

const NOT_A_MESSAGE: CandidateFault = { code: "not-a-message" };
const NOT_SPA_DATA: CandidateFault = { code: "not-spa-data" };

/** Without `=`: nobody sends it, and accepting it would give one packet many spellings (facts/decisions 1). */
const BASE64_TEXT = /^[A-Za-z0-9+/]+$/;

/** Takes a payload to the packet text in it, or says why there is none. Never throws. */
export function findCandidate(
  { payload, source }: Pick<Datagram, "payload" | "source">,
  http: HttpPolicy,
): Result<Candidate, CandidateFault> {
  if (payload.length < MIN_PAYLOAD || payload.length > MAX_PAYLOAD) return fail(NOT_A_MESSAGE);
  const content = text(payload);
  const request = http.enabled ? parseHttpRequest(content) : null;
  return request === null ? checkText(content, null) : unwrapHttp(request, source, http);
}

function checkText(wire: string, forwardedFor: Ip | null): Result<Candidate, CandidateFault> {
  if (!BASE64_TEXT.test(wire)) return fail(NOT_SPA_DATA);
  return hasPrefix(wire) ? fail(NOT_A_MESSAGE) : ok({ wire, forwardedFor });
}

function unwrapHttp(request: HttpRequest, source: Ip, http: HttpPolicy): Result<Candidate, CandidateFault> {
  const { path } = request;
  if (!http.anyUserAgent && !valuesOf(request, "user-agent").some((agent) => agent.startsWith("Fwknop"))) {
    return fail(NOT_A_MESSAGE);
  }
  if (path.length < MIN_PAYLOAD) return fail(NOT_A_MESSAGE);
  const found = checkText(fromUrlForm(path), null);
  if (!found.ok || !http.trustForwardedFor) return found;
  const client = http.proxies === null ? forwardedFor(request) : forwardedBy(http.proxies, source, request);
  if (client.ok) return ok({ ...found.value, forwardedFor: client.value });
  // Not even for the source of the packet, which is the proxy: everybody behind it would get in.
  return fail({ code: "proxy-header", reason: `Error parsing X-Forwarded-For header: ${client.fault}` });
}

const latin1 = new TextDecoder("latin1");
/** Four times as fast where both give the same. */
const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

/** One character a byte; bytes above 127 become characters that no later test lets through. */
function text(bytes: Uint8Array): string {
  return (isAscii(bytes) ? ascii : latin1).decode(bytes);
}
