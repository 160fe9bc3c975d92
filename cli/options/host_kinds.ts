/**
 * Values that name a host, or stand in a request to one. Programs further on read them again (ssh and its shell, an HTTP
 * server, wget), so nothing gets through that one of them could take for something else, wherever it was said.
 */
import { isHost, stripBrackets } from "../../lib/net/host_name.ts";
import { fail, ok } from "../../lib/result.ts";
import { text } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";
import { readUrl, shownUrl } from "../request/resolve_url.ts";

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

/** `-N`. Here only what no host and no port can be made of: the rest is told in its turn among the mistakes of a request, as in C. */
export const natTarget: Kind<string> = {
  valueName: "HOST[:PORT]",
  expects: "HOST or HOST:PORT",
  parse(given) {
    return /^[A-Za-z0-9._:,[\]-]*$/.test(given)
      ? ok(given)
      : fail(`Invalid NAT destination '${given}' for -N arg: write HOST or HOST:PORT (Args contain invalid data)`);
  },
  format: (value) => value,
};

/** A service that is asked for the own address. Which schemes go depends on other options. */
export const serviceUrl: Kind<string> = {
  valueName: "URL",
  expects: "a URL",
  parse(given) {
    const said = text().parse(given);
    const url = readUrl(given, "https");
    if (!said.ok) return said;
    return url.ok ? ok(given) : fail(`Error parsing resolve-url "${shownUrl(given)}": ${url.fault}`);
  },
  format: (value) => value,
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
