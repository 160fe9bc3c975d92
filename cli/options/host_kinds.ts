/**
 * Values that name a host, or stand in a request to one. Programs further on read them again (ssh and its shell, an HTTP
 * server, wget), so nothing gets through that one of them could take for something else, wherever it was said.
 */
import { isHost, stripBrackets } from "../../lib/net/host_name.ts";
import { fail, ok } from "../../lib/result.ts";
import { text } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import { parseServiceUrl, type ServiceUrl, shownUrl } from "../request/service_url.ts";

/** As the C client has it. */
const LONGEST = text({ maxLength: 255 });

/** The server, or several with commas between them. */
export const server: Kind<string> = {
  valueName: "HOST",
  expects: "a host name or an address",
  parse(given) {
    const short = LONGEST.parse(given);
    if (!short.ok) return short;
    const names = given.includes(",") ? given.split(",").map((name) => name.trim()) : [given];
    const bad = names.find((name) => !isHost(stripBrackets(name)));
    return bad === undefined ? ok(given) : fail(hostFault(bad));
  },
  format: (value) => value,
};

/** The proxy of `-H`, and how it was written. Without a port it is that of the server. */
export interface HttpProxy {
  readonly text: string;
  readonly host: string;
  readonly port: number | null;
}

/**
 * `-H`: `[http://]host[:port]`, IPv6 in brackets. Text after the digits of the port is ignored, as in C (a trailing `/` is
 * common).
 */
export const httpProxy: Kind<HttpProxy> = {
  valueName: "HOST[:PORT]",
  expects: "HOST or HOST:PORT",
  parse(given) {
    const said = text().parse(given);
    if (!said.ok) return said;
    const parts = /^(\[[^\]]*\]|[^:/]*)(?::([0-9]*).*|\/.*)?$/s.exec(given.replace(/^http:\/\//i, ""));
    const host = stripBrackets(parts?.[1] ?? "");
    if (!isHost(host)) return fail(`--http-proxy names no host: "${shownUrl(given)}"`);
    const digits = parts?.[2];
    if (digits === undefined) return ok({ text: given, host, port: null });
    const port = Number(digits);
    return digits !== "" && port >= 1 && port <= 65_535
      ? ok({ text: given, host, port })
      : fail(`proxy port value is invalid, must be in [1-65535]: "${shownUrl(given)}"`);
  },
  format: (value) => value.text,
};

/** A service that is asked for the own address. How it may be asked depends on other options. */
export const serviceUrl: Kind<ServiceUrl> = {
  valueName: "URL",
  expects: "a URL",
  parse(given) {
    const said = text().parse(given);
    if (!said.ok) return said;
    const url = parseServiceUrl(given);
    return url.ok ? url : fail(`Error parsing resolve-url "${shownUrl(given)}": ${url.fault}`);
  },
  format: (value) => value.text,
};

/** A line of HTTP. A line end in it would begin another header. */
export const userAgent: Kind<string> = {
  valueName: "TEXT",
  expects: "text without control characters",
  parse(given) {
    const plain = text().parse(given);
    return plain.ok && /\p{Cc}/u.test(given) ? fail(`expected ${this.expects}`) : plain;
  },
  format: (value) => value,
};

function hostFault(name: string): string {
  const ascii = /\P{ASCII}/u.test(name) ? URL.parse(`http://${name}/`)?.hostname ?? "" : "";
  if (isHost(ascii)) return `expected a host name in its ASCII form, which is "${ascii}"`;
  return "expected a host name or an address";
}
