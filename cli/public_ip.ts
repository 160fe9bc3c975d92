/**
 * `-R`: the address under which the Internet sees this machine (wire-and-client B.9, mended as in C.2 F14). Built-in HTTPS
 * with certificate checks; plain HTTP and wget only where they were asked for.
 *
 * @tags allow-net, allow-read, allow-run
 */
import type { Ip } from "../lib/net/address.ts";
import { fail, type Result } from "../lib/result.ts";
import { VERSION } from "../lib/version.ts";
import { reasonOf } from "../lib/host/reason.ts";
import { findPlace, wantedFamily } from "./door/place.ts";
import type { ClientSettings } from "./options.ts";
import { HTTP_SERVICES, HTTPS_SERVICES, parseAddressBody, parseResolveUrl, shownUrl } from "./resolve_url.ts";
import { ClientError, forgiving, tellWarning } from "./tui.ts";
import type { World } from "./world.ts";

/** Each service has this long, from the question to the end of its answer. */
const PATIENCE_MS = 5000;
/** The same for each step of wget's, which would go on for a quarter of an hour and try twenty times. */
const WGET_PATIENCE_S = 10;

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

type Asking = (url: URL) => Promise<Result<Ip, string>>;

/** What a caller may add. */
export interface AskingOptions {
  /** Sees each answer of a service that is asked directly. */
  readonly onAnswer?: (answer: Response) => void;
  /** Milliseconds for each service. */
  readonly patienceMs?: number;
}

/** Canonical text of the own address. Throws {@link ClientError} with the cause when nobody tells it. */
export async function findPublicAddress(
  settings: ClientSettings,
  world: World,
  options: AskingOptions = {},
): Promise<string> {
  const urls = serviceUrls(settings, world);
  warnOfProxy(urls, world);
  const family = await serverFamily(settings);
  const ask = settings.wgetCmd !== undefined && !settings.resolveHttpOnly
    ? askWithWget(settings.wgetCmd, { settings, family })
    : askDirectly(settings, { ...options, family, world });
  const failures: [url: string, reason: string][] = [];
  for (const url of urls) {
    const answer = await ask(url);
    const shown = shownUrl(url.href);
    if (!answer.ok) {
      failures.push([shown, answer.fault]);
    } else if (answer.value.family !== family) {
      failures.push([shown, `it answered with an IPv${answer.value.family} address`]);
    } else {
      if (settings.verbose > 0) {
        forgiving(world).out(`[+] Resolved external IP (via '${shown}') as: ${answer.value.text}`);
      }
      return answer.value.text;
    }
  }
  const reasons = byReason(failures);
  const command = settings.resolveHttpOnly ? undefined : settings.wgetCmd;
  const asked = command === undefined || reasons.includes(command) ? "" : ` (asked with ${command})`;
  throw new ClientError(
    `Could not resolve IP via: ${reasons}${asked}`,
    `name the address with -a, or another service with --resolve-url (asked over IPv${family}; -4 and -6 choose)`,
  );
}

/** Each reason once, after the services that it holds for: without a network it is the same for all. */
function byReason(failures: readonly (readonly [url: string, reason: string])[]): string {
  const reasons = [...new Set(failures.map(([, reason]) => reason))];
  return reasons.map((reason) =>
    `${failures.filter((failure) => failure[1] === reason).map(([url]) => url).join(", ")}: ${reason}`
  ).join("; ");
}

function serviceUrls(settings: ClientSettings, world: World): readonly URL[] {
  const httpOnly = settings.resolveHttpOnly;
  if (settings.resolveUrl === undefined) return (httpOnly ? HTTP_SERVICES : HTTPS_SERVICES).map((url) => new URL(url));
  const url = parseResolveUrl(settings.resolveUrl, { httpOnly });
  const shown = shownUrl(settings.resolveUrl);
  if (!url.ok) {
    throw new ClientError(
      `Error parsing resolve-url "${shown}": ${url.fault}`,
      `write ${httpOnly ? "http" : "https"}://HOST/PATH`,
    );
  }
  if (url.value.protocol === "http:" && !httpOnly) {
    tellWarning(world, `IP resolution URL '${shown}' should begin with 'https://' in -R mode`);
  }
  return [url.value];
}

/** The runtime and wget take proxies from the environment; a service then sees the proxy, and the server does not. */
function warnOfProxy(urls: readonly URL[], world: World): void {
  const scheme = urls[0]?.protocol === "http:" ? "http" : "https";
  const names = [`${scheme}_proxy`, "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  const name = names.find((candidate) => (world.env(candidate) ?? "") !== "");
  if (name === undefined) return;
  tellWarning(
    world,
    `${name} is set: what is found may be the address of that proxy, which a knock does not go through`,
  );
}

/** The family over which the knock will go: the address must be the one that the server will see. */
async function serverFamily(settings: ClientSettings): Promise<4 | 6> {
  const { server, httpProxy, socks5, spoofSource } = settings;
  const wanted = wantedFamily(settings) ?? spoofSource?.family;
  if (wanted !== undefined) return wanted;
  // The name is the proxy's to look up: a hidden service must not be asked of a name server.
  if (server === undefined || httpProxy !== undefined || socks5 !== undefined) return 4;
  try {
    return (await findPlace(server, null)).family;
  } catch (error) {
    // Sending will tell what is wrong with the name.
    if (error instanceof ClientError) return 4;
    throw error;
  }
}

function askDirectly(
  settings: ClientSettings,
  options: AskingOptions & { readonly family: 4 | 6; readonly world: World },
): Asking {
  const { patienceMs = PATIENCE_MS } = options;
  const userAgent = settings.userAgent ?? `Fwknop/${VERSION}`;
  return async (url) => {
    using client = httpClient(url, options);
    try {
      const response = await fetch(url, {
        client,
        headers: { "User-Agent": userAgent, "Accept": "*/*" },
        redirect: "manual",
        signal: AbortSignal.timeout(patienceMs),
      });
      options.onAnswer?.(response);
      const body = await readBody(response);
      return response.status === 200 ? parseAddressBody(body) : fail(statusReason(response, url));
    } catch (error) {
      return fail(fetchReason(error, patienceMs));
    }
  };
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

/** A redirection is not followed: from https it could lead anywhere, and the services need none. */
function statusReason(response: Response, url: URL): string {
  const to = URL.parse(response.headers.get("location") ?? "", url.href);
  return response.status >= 300 && response.status < 400 && to !== null
    ? `it redirects to ${shownUrl(to.href).slice(0, 200)}, which is not followed`
    : `it answered with status ${response.status}`;
}

/** wget as the C client calls it, but with its exit status, an agent that may have blanks, the family and a limit. */
function askWithWget(
  command: string,
  { settings, family }: { readonly settings: ClientSettings; readonly family: 4 | 6 },
): Asking {
  return async (url) => {
    if (url.username !== "" || url.password !== "") {
      throw new ClientError(
        "--wget-cmd would show the password of --resolve-url to everybody on this machine",
        "leave out --wget-cmd",
      );
    }
    const { readCommand, runChild } = await import("./child.ts");
    const { program, args: words } = readCommand("--wget-cmd", command, "name it by its path");
    const agent = settings.useWgetUserAgent ? [] : ["-U", settings.userAgent ?? `Fwknop/${VERSION}`];
    const limits = [`--inet${family}-only`, "--tries=1", `--timeout=${WGET_PATIENCE_S}`];
    const args = [...words, ...limits, ...agent, "--secure-protocol=auto", "--quiet", "-O", "-", url.href];
    // With --proxy standard input is what ssh sends.
    const output = await runChild(program, args, { ownInput: settings.proxy });
    return output.ok ? parseAddressBody(new TextDecoder().decode(output.stdout)) : fail(output.reason);
  };
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
  return reasonOf(innermost).replace(/^error sending request (?:from|for) .*?\): (?:client error \(\w+\): )?/s, "");
}
