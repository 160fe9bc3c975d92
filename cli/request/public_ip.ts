/**
 * `-R`: the address under which the Internet sees this machine (facts/client 9, mended: COMPATIBILITY F14). Built-in
 * HTTPS with certificate checks; plain HTTP and wget only where they were asked for.
 *
 * @tags allow-net, allow-read, allow-run
 */
import type { Ip } from "../../lib/net/address.ts";
import { fail } from "../../lib/result.ts";
import { VERSION } from "../../lib/version.ts";
import { askDirectly } from "./address_service.ts";
import { findAddress, wantedFamily } from "../send/address.ts";
import { type Asking, firstAnswer } from "./first_answer.ts";
import type { ClientSettings } from "../options/table.ts";
import { HTTP_SERVICES, HTTPS_SERVICES, parseAddressBody } from "./resolve_url.ts";
import { shownUrl } from "./service_url.ts";
import { ClientError, forgiving, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** wget has this long for each service: by itself it would go on for a quarter of an hour and try twenty times. */
const WGET_PATIENCE_S = 10;

/** How long a service is alone before the next is asked too: most answer in less. */
const HEAD_START_MS = 1000;

/** What a caller may add. */
export interface AskingOptions {
  /** Sees each answer of a service that is asked directly. */
  readonly onAnswer?: (answer: Response) => void;
  /** Milliseconds for each service. */
  readonly patienceMs?: number;
  /** The server need not have an address. */
  readonly anyServer?: boolean;
  /** Milliseconds that a service is alone. */
  readonly headStartMs?: number;
}

/** The own address. Throws {@link ClientError} with the cause when nobody tells it. */
export async function findPublicAddress(
  settings: ClientSettings,
  world: World,
  options: AskingOptions = {},
): Promise<Ip> {
  const urls = serviceUrls(settings, world);
  warnOfProxy(urls, world);
  const family = await serverFamily(settings, options.anyServer === true || settings.test);
  const { userAgent = `Fwknop/${VERSION}`, wgetCmd } = settings;
  const directly = { ...options, family, userAgent, world };
  const ask: Asking = wgetCmd !== undefined && !settings.resolveHttpOnly
    ? ofFamily(family, askWithWget(wgetCmd, { settings, family }))
    : ofFamily(family, (url, abort) => askDirectly(url, directly, abort));
  const told = forgiving(world);
  const onNext = (url: URL) => {
    if (settings.verbose > 0) world.err(`[*] Asking '${shownUrl(url.href)}' for the external IP too`);
  };
  const answer = await firstAnswer(urls, ask, { headStartMs: options.headStartMs ?? HEAD_START_MS, onNext });
  if (answer.ok) {
    if (settings.verbose > 0) {
      told.out(`[+] Resolved external IP (via '${shownUrl(answer.url.href)}') as: ${answer.ip.text}`);
    }
    return answer.ip;
  }
  const failures = answer.failures.map(([url, reason]) => [shownUrl(url.href), reason] as const);
  const reasons = byReason(failures);
  const command = settings.resolveHttpOnly ? undefined : settings.wgetCmd;
  const asked = command === undefined || reasons.includes(command) ? "" : ` (asked with ${command})`;
  throw new ClientError(
    `Could not resolve IP via: ${reasons}${asked}`,
    `name the address with -a, or another service with --resolve-url (asked over IPv${family}; -4 and -6 choose)`,
  );
}

/** Only an address of the family that the server will see is an answer. */
function ofFamily(family: 4 | 6, ask: Asking): Asking {
  return async (url, abort) => {
    const answer = await ask(url, abort);
    return answer.ok && answer.value.family !== family
      ? fail(`it answered with an IPv${answer.value.family} address`)
      : answer;
  };
}

/** Each reason once, after the services that it holds for: without a network it is the same for all. */
function byReason(failures: readonly (readonly [url: string, reason: string])[]): string {
  const reasons = [...new Set(failures.map(([, reason]) => reason))];
  return reasons.map((reason) =>
    `${failures.filter((failure) => failure[1] === reason).map(([url]) => url).join(", ")}: ${reason}`
  ).join("; ");
}

function serviceUrls(settings: ClientSettings, world: World): readonly URL[] {
  const { resolveHttpOnly: httpOnly, resolveUrl: service } = settings;
  if (service === undefined) return (httpOnly ? HTTP_SERVICES : HTTPS_SERVICES).map((url) => new URL(url));
  const shown = shownUrl(service.text);
  const url = httpOnly ? service.http : service.https ?? service.http;
  if (url === null) {
    const reason = "https is not supported for --resolve-http-only";
    throw new ClientError(`Error parsing resolve-url "${shown}": ${reason}`, "write http://HOST/PATH");
  }
  if (url.protocol === "http:" && !httpOnly) {
    tellWarning(world, `IP resolution URL '${shown}' should begin with 'https://' in -R mode`);
  }
  return [url];
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
async function serverFamily(settings: ClientSettings, anyServer: boolean): Promise<4 | 6> {
  const { server, httpProxy, socks5, spoofSource } = settings;
  const wanted = wantedFamily(settings) ?? spoofSource?.family;
  if (wanted !== undefined) return wanted;
  // The name is the proxy's to look up: a hidden service must not be asked of a name server.
  if (server === undefined || httpProxy !== undefined || socks5 !== undefined) return 4;
  try {
    return (await findAddress(server, null)).family;
  } catch (error) {
    // Nothing could be sent: it is told before anybody is asked.
    if (error instanceof ClientError && anyServer) return 4;
    throw error;
  }
}

/** wget as the C client calls it, but with its exit status, an agent that may have blanks, the family and a limit. */
function askWithWget(
  command: string,
  { settings, family }: { readonly settings: ClientSettings; readonly family: 4 | 6 },
): Asking {
  return async (url, abort) => {
    if (url.username !== "" || url.password !== "") {
      throw new ClientError(
        "--wget-cmd would show the password of --resolve-url to everybody on this machine",
        "leave out --wget-cmd",
      );
    }
    const { readCommand, runChild } = await import("../ui/child.ts");
    const { program, args: words } = readCommand("--wget-cmd", command, "name it by its path");
    const agent = settings.useWgetUserAgent ? [] : ["-U", settings.userAgent ?? `Fwknop/${VERSION}`];
    const limits = [`--inet${family}-only`, "--tries=1", `--timeout=${WGET_PATIENCE_S}`];
    const args = [...words, ...limits, ...agent, "--secure-protocol=auto", "--quiet", "-O", "-", url.href];
    const patience = AbortSignal.timeout(WGET_PATIENCE_S * 1000);
    // With --proxy standard input is what ssh sends.
    const options = { ownInput: settings.proxy, abort: AbortSignal.any([abort, patience]) };
    const output = await runChild(program, args, options);
    if (patience.aborted) return fail(`${program} gave no answer within ${WGET_PATIENCE_S} seconds`);
    return output.ok ? parseAddressBody(new TextDecoder().decode(output.stdout)) : fail(output.reason);
  };
}
