/**
 * An HTTP request as far as SPA over HTTP needs it: the path and the header lines, by RFC 9110 and 9112, in the forms
 * that clients and proxies write. Pure; never throws. What the C daemon looks at: facts/packets 3.
 */
import { type Ip, parseIp, parseIpv4, parseIpv6 } from "../../lib/net/address.ts";
import { type AddressList, matchesList } from "../../lib/net/cidr.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** One header line, continuation lines included. */
export interface HttpHeader {
  /** In lower case: names mean the same in any (RFC 9110 section 5.1). */
  readonly name: string;
  /** Without the blanks around it. */
  readonly value: string;
}

/** What {@link parseHttpRequest} finds. */
export interface HttpRequest {
  /** What follows the first `/` of the path, up to a query, with percent-encoding undone. */
  readonly path: string;
  readonly headers: readonly HttpHeader[];
  /** Whether the empty line after the header is there: without it more of it may follow in another segment. */
  readonly complete: boolean;
}

/** Empty lines before it do not count (RFC 9112 section 2.2), nor does the case of the method, as in the C daemon. */
const METHOD = /^(?:\r?\n)*GET[ \t]+/i;
/** A path, or a whole URL as proxies are sent (RFC 9112 section 3.2.2); the rest of the line is not looked at. */
const TARGET = /^(?:https?:\/\/[^\s/?#]*)?\/([^\s?#]*)[^\n]*\n?/i;

/** Reads a request; null for any other text. */
export function parseHttpRequest(text: string): HttpRequest | null {
  const method = METHOD.exec(text)?.[0];
  if (method === undefined) return null;
  const target = TARGET.exec(text.slice(method.length));
  if (target === null) return null;
  return { path: undoPercent(target[1] ?? ""), ...readHeader(text.slice(method.length + target[0].length)) };
}

/** Lines end with CRLF or LF alone; one that begins with a blank continues the one before (RFC 9112 section 5.2). */
function readHeader(text: string): Pick<HttpRequest, "headers" | "complete"> {
  const headers: HttpHeader[] = [];
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const end = lines.indexOf("");
  for (const line of end < 0 ? lines : lines.slice(0, end)) {
    const last = headers.at(-1);
    const colon = line.indexOf(":");
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) headers.splice(-1, 1, { ...last, value: trim(`${last.value} ${trim(line)}`) });
    } else if (colon > 0) {
      headers.push({ name: trim(line.slice(0, colon)).toLowerCase(), value: trim(line.slice(colon + 1)) });
    }
  }
  // What follows the last line end is no line.
  return { headers, complete: end >= 0 && end < lines.length - 1 };
}

/** The values of a header, in the order of its lines. */
export function valuesOf(request: HttpRequest, name: string): readonly string[] {
  return request.headers.filter((header) => header.name === name).map(({ value }) => value);
}

/**
 * Whom the nearest proxy says it speaks for: the last entry of the last `X-Forwarded-For` line, because what stands before
 * it is only what the client claimed. Null where there is no such line. The fault is the end of a sentence: the header is
 * there, or may be, and tells no address.
 */
export function forwardedFor(request: HttpRequest): Result<Ip | null, string> {
  if (!request.complete) return fail("the end of the header is missing");
  const last = entriesOf(request).at(-1);
  return last === undefined ? ok(null) : readEntry(last);
}

/**
 * The same where only some proxies are believed: the last entry that is none of them, and every entry behind it must be one.
 * A header that comes from anybody else is refused and not passed over: it may be that of a proxy that was not listed, and
 * everybody behind it would get in with the door for its address. So is a request of a proxy that names nobody.
 */
export function forwardedBy(proxies: AddressList, source: Ip, request: HttpRequest): Result<Ip | null, string> {
  if (!request.complete) return fail("the end of the header is missing");
  const entries = entriesOf(request);
  const isProxy = matchesList(proxies, source);
  if (entries.length === 0) {
    return isProxy ? fail(`the proxy ${source.text} says of nobody whom the request is from`) : ok(null);
  }
  if (!isProxy) return fail(`it comes from ${source.text}, which is none of HTTP_PROXIES`);
  for (const entry of entries.toReversed()) {
    const ip = readEntry(entry);
    if (!ip.ok || !matchesList(proxies, ip.value)) return ip;
  }
  return fail("it names only proxies");
}

/** Of all lines, in order: several are the same as one (RFC 9110 section 5.3). */
function entriesOf(request: HttpRequest): readonly string[] {
  return valuesOf(request, "x-forwarded-for").flatMap((value) => value.split(",")).map(trim);
}

function readEntry(entry: string): Result<Ip, string> {
  const ip = parseEntry(entry);
  if (ip.ok && ip.value.bytes.some((byte) => byte !== 0)) return ip;
  return fail(`value '${entry.slice(0, 64).replaceAll(/[^\x21-\x7e]/g, "?")}' is not an IP address`);
}

/** An address, perhaps in quotes, IPv6 perhaps in brackets, perhaps with a port behind (RFC 7239 section 6). */
function parseEntry(text: string): Result<Ip, "address"> {
  const bare = /^"(.*)"$/.exec(text)?.[1] ?? text;
  const bracketed = /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(bare)?.[1];
  if (bracketed !== undefined) return parseIpv6(bracketed);
  const withPort = /^([0-9.]+):[0-9]{1,5}$/.exec(bare)?.[1];
  return withPort === undefined ? parseIp(bare) : parseIpv4(withPort);
}

/** A path is the same with and without (RFC 3986 section 6.2.2.2). */
function undoPercent(path: string): string {
  return path.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function trim(text: string): string {
  return text.replaceAll(/^[ \t]+|[ \t]+$/g, "");
}
