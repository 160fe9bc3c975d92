/** The URL of a service that tells a caller its address, as `--resolve-url` names it. Pure. */
import { isHost, stripBrackets } from "../../lib/net/host_name.ts";
import { parsePort } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";

/** One service. Its scheme may be left out: how it is asked is for other options to say. */
export interface ServiceUrl {
  /** As it was written. */
  readonly text: string;
  /** What is asked over HTTPS, and over HTTP. Null where another scheme was written. */
  readonly https: URL | null;
  readonly http: URL | null;
}

/** Reads it. The fault is the reason, without the text, which may hold a password. */
export function parseServiceUrl(text: string): Result<ServiceUrl, string> {
  if (hasBadPort(text)) return fail("its port value is invalid, must be in [1-65535]");
  if (!HAS_SCHEME.test(text)) {
    const [https, http] = [readUrl(`https://${text}`), readUrl(`http://${text}`)];
    if (!https.ok) return https;
    return http.ok ? ok({ text, https: https.value, http: http.value }) : http;
  }
  const url = readUrl(text);
  if (!url.ok) return url;
  const { protocol } = url.value;
  if (protocol !== "https:" && protocol !== "http:") return fail(`${protocol}// is not supported`);
  const secure = protocol === "https:";
  return ok({ text, https: secure ? url.value : null, http: secure ? null : url.value });
}

const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

function readUrl(text: string): Result<URL, string> {
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return fail("it is no URL");
  // URLs may have more in the place of a host than hosts have in their names.
  return isHost(stripBrackets(url.hostname)) ? ok(url) : fail("its host is neither a name nor an address");
}

/** A port that is there and is none: the parser of the runtime would only say that it is no URL, and takes 0 and nothing. */
function hasBadPort(text: string): boolean {
  const origin = text.replace(HAS_SCHEME, "").replace(/[/?#].*$/s, "").replace(/^.*@/s, "");
  const [, port] = /^(?:\[[^\]]*\]|[^:[\]]*):(.*)$/s.exec(origin) ?? [];
  return port !== undefined && parsePort(port) === null;
}

/** A URL as it may be shown: without the user and password that it may carry. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, "$1********@");
}
