/** Services that tell a caller its address, and how their URLs and answers are read. Pure. */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import { isHost, stripBrackets } from "../../lib/net/host_name.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** Asked in this order over HTTPS. Each answers with nothing but the address. */
export const HTTPS_SERVICES: readonly string[] = [
  "https://www.cipherdyne.org/cgi-bin/myip",
  "https://api64.ipify.org/",
  "https://icanhazip.com/",
  "https://ifconfig.co/ip",
];

/** Asked over plain HTTP, where that was asked for. */
export const HTTP_SERVICES: readonly string[] = [
  "http://www.cipherdyne.org/cgi-bin/myip",
  "http://www.cipherdyne.com/cgi-bin/myip",
  "http://icanhazip.com/",
];

/** Reads `--resolve-url`. The scheme may be left out; it is https then, or http in `--resolve-http-only`. */
export function parseResolveUrl(text: string, options: { readonly httpOnly: boolean }): Result<URL, string> {
  const read = readUrl(text, options.httpOnly ? "http" : "https");
  if (!read.ok) return read;
  const { protocol } = read.value;
  if (!["http:", "https:"].includes(protocol)) return fail(`${protocol}// is not supported`);
  if (options.httpOnly && protocol === "https:") return fail("https is not supported for --resolve-http-only");
  return read;
}

/** A URL with a host; `scheme` is that of a text without one. */
export function readUrl(text: string, scheme: "http" | "https"): Result<URL, string> {
  if (hasBadPort(text)) return fail("its port value is invalid, must be in [1-65535]");
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = URL.parse(hasScheme ? text : `${scheme}://${text}`);
  if (url === null || url.hostname === "") return fail("it is no URL");
  // URLs may have more in the place of a host than hosts have in their names.
  return isHost(stripBrackets(url.hostname)) ? ok(url) : fail("its host is neither a name nor an address");
}

/** A port that is there and is none: the parser of the runtime would only say that it is no URL, and takes 0 and nothing. */
function hasBadPort(text: string): boolean {
  const place = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/[/?#].*$/s, "").replace(/^.*@/s, "");
  const [, port] = /^(?:\[[^\]]*\]|[^:[\]]*):(.*)$/s.exec(place) ?? [];
  return port !== undefined && !(/^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535);
}

/** The whole body must be one address: anything else is the page of somebody who wants to be read by people. */
export function parseAddressBody(body: string): Result<Ip, string> {
  const ip = parseIp(body.trim());
  if (!ip.ok) return fail("the answer is no IP address (Warning: IP resolution URL)");
  return ip.value.bytes.every((byte) => byte === 0) ? fail("the answer names no host") : ok(ip.value);
}

/** A URL as it may be shown: without the user and password that it may carry. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, "$1********@");
}
