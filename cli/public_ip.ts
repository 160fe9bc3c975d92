/**
 * `-R`: the address under which the Internet sees this machine (wire-and-client B.9, mended as in C.2 F14). Built-in HTTPS
 * with certificate checks; plain HTTP and wget only where they were asked for.
 *
 * @tags allow-net, allow-read, allow-run
 */
import { type Ip, parseIp } from "../lib/net/address.ts";
import { fail, type Result } from "../lib/result.ts";
import { VERSION } from "../lib/version.ts";
import type { ClientSettings } from "./options.ts";
import { HTTP_SERVICES, HTTPS_SERVICES, parseAddressBody, parseResolveUrl } from "./resolve_url.ts";
import { ClientError, reasonOf, tellWarning } from "./tui.ts";
import type { World } from "./world.ts";

/** Each service has this long. */
const PATIENCE_MS = 5000;

/** An address needs no more; the rest of a longer answer is not read. */
const MAX_BODY = 1024;

/** Certificates of the system, in the order in which distributions keep them. */
const CERTIFICATE_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

type Asking = (url: URL) => Promise<Result<Ip, string>>;

/**
 * Canonical text of the own address. Throws {@link ClientError} with the cause when nobody tells it. `onAnswer` sees each
 * answer of a service that is asked directly.
 */
export async function findPublicAddress(
  settings: ClientSettings,
  world: World,
  onAnswer: (answer: Response) => void = () => {},
): Promise<string> {
  const urls = serviceUrls(settings, world);
  const family = await serverFamily(settings);
  const ask = settings.wgetCmd !== undefined && !settings.resolveHttpOnly
    ? askWithWget(settings.wgetCmd, settings)
    : askDirectly(settings, { family, world, onAnswer });
  const failures: string[] = [];
  for (const url of urls) {
    const answer = await ask(url);
    if (!answer.ok) {
      failures.push(`${url.href}: ${answer.fault}`);
    } else if (answer.value.family !== family) {
      failures.push(`${url.href}: it answered with an IPv${answer.value.family} address`);
    } else {
      if (settings.verbose > 0) world.out(`[+] Resolved external IP (via '${url.href}') as: ${answer.value.text}`);
      return answer.value.text;
    }
  }
  throw new ClientError(
    `Could not resolve IP via: ${failures.join("; ")}`,
    `name the address with -a, or another service with --resolve-url (asked over IPv${family}; -4 and -6 choose)`,
  );
}

function serviceUrls(settings: ClientSettings, world: World): readonly URL[] {
  const httpOnly = settings.resolveHttpOnly;
  if (settings.resolveUrl === undefined) return (httpOnly ? HTTP_SERVICES : HTTPS_SERVICES).map((url) => new URL(url));
  const url = parseResolveUrl(settings.resolveUrl, { httpOnly });
  if (!url.ok) {
    throw new ClientError(
      `Error parsing resolve-url "${settings.resolveUrl}": ${url.fault}`,
      `write ${httpOnly ? "http" : "https"}://HOST/PATH`,
    );
  }
  if (url.value.protocol === "http:" && !httpOnly) {
    tellWarning(world, `IP resolution URL '${settings.resolveUrl}' should begin with 'https://' in -R mode`);
  }
  return [url.value];
}

/** The family that reaches the server: the address must be the one that the server will see. */
async function serverFamily(settings: ClientSettings): Promise<4 | 6> {
  if (settings.ipv6) return 6;
  if (settings.ipv4 || settings.serverResolveIpv4 || settings.server === undefined) return 4;
  const numeric = parseIp(settings.server);
  if (numeric.ok) return numeric.value.family;
  const { resolveHost, ResolveError } = await import("../ffi/libc/resolver.ts");
  try {
    const found = await resolveHost(settings.server, { family: null, port: 0 });
    return found.some(({ family }) => family === 4) || found.length === 0 ? 4 : 6;
  } catch (error) {
    // Sending will tell what is wrong with the name.
    if (error instanceof ResolveError) return 4;
    throw error;
  }
}

function askDirectly(
  settings: ClientSettings,
  options: { readonly family: 4 | 6; readonly world: World; readonly onAnswer: (answer: Response) => void },
): Asking {
  const userAgent = settings.userAgent ?? `Fwknop/${VERSION}`;
  const caCerts = systemCertificates(options.world);
  return async (url) => {
    using client = Deno.createHttpClient({
      localAddress: options.family === 4 ? "0.0.0.0" : "::",
      ...(url.protocol === "https:" ? { caCerts } : {}),
    });
    try {
      const response = await fetch(url, {
        client,
        headers: { "User-Agent": userAgent, "Accept": "*/*" },
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      options.onAnswer(response);
      const body = await readBody(response);
      return response.status === 200 ? parseAddressBody(body) : fail(`it answered with status ${response.status}`);
    } catch (error) {
      return fail(fetchReason(error));
    }
  };
}

/** wget as the C client calls it, but with its exit status and an agent that may have blanks. */
function askWithWget(command: string, settings: ClientSettings): Asking {
  return async (url) => {
    const [{ runChild }, { splitWords }] = [await import("./child.ts"), await import("./words.ts")];
    const [program, ...words] = splitWords(command) ?? [];
    if (program === undefined) throw new ClientError("--wget-cmd names no program", "name it by its path");
    const agent = settings.useWgetUserAgent ? [] : ["-U", settings.userAgent ?? `Fwknop/${VERSION}`];
    const args = [...words, ...agent, "--secure-protocol=auto", "--quiet", "-O", "-", url.href];
    const output = await runChild(program, args);
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

/** The runtime has its own roots; the system's are added for private certificate authorities. */
function systemCertificates(world: World): string[] {
  const named = world.env("SSL_CERT_FILE");
  for (const path of named === undefined || named === "" ? CERTIFICATE_FILES : [named]) {
    try {
      return [Deno.readTextFileSync(path)];
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw certificateError(path, error);
    }
  }
  return [];
}

function certificateError(path: string, cause: unknown): ClientError {
  return new ClientError(`Cannot read the certificates in ${path}: ${reasonOf(cause)}`, undefined, { cause });
}

function fetchReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${PATIENCE_MS / 1000} seconds`;
  let innermost = error;
  while (innermost.cause instanceof Error) innermost = innermost.cause;
  // What stands before says only that a request was made and which URL it was for.
  return reasonOf(innermost).replace(/^error sending request for url \(.*?\): (?:client error \(\w+\): )?/s, "");
}
