/**
 * Asks one service for the own address, directly: HTTPS with certificate checks, over one family, to the end of a few
 * redirections.
 *
 * @tags allow-net, allow-read
 */
import type { Ip } from "../../lib/net/address.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { fail, type Result } from "../../lib/result.ts";
import { parseAddressBody } from "./resolve_url.ts";
import { shownUrl } from "./service_url.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** Each service has this long, from the question to the end of its answer. */
const PATIENCE_MS = 5000;

/** Redirections that are followed; more go in a circle. */
const MOST_REDIRECTIONS = 5;

/** An address needs no more; the rest of a longer answer is not read. */
const MAX_BODY = 1024;

/** Certificates of the system, in the order in which distributions keep them. */
const CERTIFICATE_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** How a service is asked. */
export interface DirectAsking {
  readonly family: 4 | 6;
  readonly userAgent: string;
  readonly world: World;
  /** Sees the last answer of the service. */
  readonly onAnswer?: ((answer: Response) => void) | undefined;
  /** Milliseconds for the service, redirections included. */
  readonly patienceMs?: number | undefined;
}

/** The address that the service tells, or why there is none; `abort` breaks off. */
export async function askDirectly(url: URL, asking: DirectAsking, abort: AbortSignal): Promise<Result<Ip, string>> {
  const { patienceMs = PATIENCE_MS } = asking;
  const signal = AbortSignal.any([abort, AbortSignal.timeout(patienceMs)]);
  try {
    return await askOnce(url, asking, { signal, redirections: 0 });
  } catch (error) {
    if (error instanceof ClientError) throw error;
    return fail(fetchReason(error, patienceMs));
  }
}

async function askOnce(
  url: URL,
  asking: DirectAsking,
  state: { readonly signal: AbortSignal; readonly redirections: number },
): Promise<Result<Ip, string>> {
  using client = httpClient(url, asking);
  const response = await fetch(url, {
    client,
    headers: { "User-Agent": asking.userAgent, "Accept": "*/*" },
    redirect: "manual",
    signal: state.signal,
  });
  const target = redirection(response, url);
  if (target === null) {
    asking.onAnswer?.(response);
    const body = await readBody(response);
    return response.status === 200 ? parseAddressBody(body) : fail(`it answered with status ${response.status}`);
  }
  await response.body?.cancel();
  const refusal = redirectionRefusal(url, target, state.redirections);
  if (refusal !== null) return fail(`it redirects to ${shownUrl(target.href).slice(0, 200)}, ${refusal}`);
  return await askOnce(target, asking, { ...state, redirections: state.redirections + 1 });
}

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where an answer leads instead of being one. A login is for the host that it was given for. */
function redirection(response: Response, from: URL): URL | null {
  const location = response.headers.get("location");
  const to = location === null || !REDIRECTIONS.has(response.status) ? null : URL.parse(location, from.href);
  if (to !== null && to.origin !== from.origin) to.username = to.password = "";
  return to;
}

/** Why a redirection is not followed: from https the next one must be as sure. */
function redirectionRefusal(from: URL, to: URL, before: number): string | null {
  if (!["http:", "https:"].includes(to.protocol)) return "which is not supported";
  if (from.protocol === "https:" && to.protocol === "http:") return "which is not followed: others could falsify it";
  return before >= MOST_REDIRECTIONS ? `which is one redirection more than ${MOST_REDIRECTIONS}` : null;
}

/** Bound to the family. For HTTPS the roots of the system are added, for private certificate authorities. */
function httpClient(url: URL, options: { readonly family: 4 | 6; readonly world: World }): Deno.HttpClient {
  const localAddress = options.family === 4 ? "0.0.0.0" : "::";
  const roots = url.protocol === "https:" ? systemCertificates(options.world) : null;
  if (roots === null) return Deno.createHttpClient({ localAddress });
  try {
    return Deno.createHttpClient({ localAddress, caCerts: [roots.text] });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // One bad certificate there must not keep anybody out: without them less is believed, not more.
    tellWarning(options.world, `the certificates in ${roots.path} are left out: ${reasonOf(error)}`);
    return Deno.createHttpClient({ localAddress });
  }
}

async function readBody(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (let length = 0; length <= MAX_BODY;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

/** The first file of certificates that is there. */
function systemCertificates(world: World): { readonly path: string; readonly text: string } | null {
  const named = world.env("SSL_CERT_FILE");
  for (const path of named === undefined || named === "" ? CERTIFICATE_FILES : [named]) {
    try {
      return { path, text: Deno.readTextFileSync(path) };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw certificateError(path, error);
    }
  }
  return null;
}

function certificateError(path: string, cause: unknown): ClientError {
  return new ClientError(`Cannot read the certificates in ${path}: ${reasonOf(cause)}`, undefined, { cause });
}

function fetchReason(error: unknown, patienceMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${patienceMs / 1000} seconds`;
  let innermost = error;
  while (innermost.cause instanceof Error) innermost = innermost.cause;
  // What stands before says only that a request was made, from where and for which URL, its password included.
  const reason = reasonOf(innermost).replace(
    /^error sending request (?:from|for) .*?\): (?:client error \(\w+\): )?/s,
    "",
  );
  return PLAINER.reduce((text, [pattern, words]) => text.replace(pattern, words), reason);
}

/** What the runtime's HTTP and TLS say, and how to say it to somebody who knows neither. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/^dns error: (?:failed to lookup address information: )?/, "the name cannot be resolved: "],
  [/^tcp connect error: /, ""],
  [/^Fetch failed: Requests to port ([0-9]+) are blocked$/, "port $1 belongs to another protocol than HTTP"],
  [/^received corrupt message of type \w+$/, "the answer is no TLS: a service without it is asked with http://"],
  [/^invalid HTTP version parsed$/, "the answer is no HTTP"],
  [/(: UnknownIssuer)$/, "$1, so nobody whom this machine trusts has signed it"],
  [/(: (?:Other\()?.*CaUsedAsEndEntity.*)$/, "$1, so the certificate of an authority is used by a server"],
];
