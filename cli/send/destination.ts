/** From the name of a server to the addresses that are tried, in order. */
import { FfiError } from "../../ffi/errors.ts";
import { type ResolvedAddress, ResolveError, resolveHost } from "../../ffi/libc/resolver.ts";
import { parseIp } from "../../lib/net/address.ts";
import { SendError } from "./target.ts";

/** One address to try. */
export type Destination = ResolvedAddress;

/**
 * The addresses of `host`, IPv4 before IPv6 unless one family was asked for. A numeric address needs no resolver.
 *
 * @throws SendError with the fragment `error in getaddrinfo:`
 */
export async function findDestinations(
  host: string,
  options: { readonly port: number; readonly family: 4 | 6 | null },
): Promise<Destination[]> {
  const numeric = parseIp(host);
  if (numeric.ok) {
    const { family, bytes, text } = numeric.value;
    if (options.family !== null && options.family !== family) {
      throw new SendError(
        `error in getaddrinfo: "${host}" is an IPv${family} address, but IPv${options.family} was asked for`,
        `leave ${FAMILY_OPTIONS[options.family]} out, or name an IPv${options.family} address`,
      );
    }
    if (isLinkLocal(bytes)) {
      throw new SendError(
        `error in getaddrinfo: "${host}" is on every link of this machine`,
        `name the interface as well: ${host}%eth0`,
      );
    }
    return [{ family, bytes, text, scopeId: 0, port: options.port }];
  }
  try {
    const found = await resolveHost(host, options);
    return [...found.filter(({ family }) => family === 4), ...found.filter(({ family }) => family === 6)];
  } catch (cause) {
    if (!(cause instanceof ResolveError)) throw cause;
    const hint = host.includes("%") ? ZONE_HINT : cause.details.hint ?? null;
    const wanted = options.family === null ? "" : `, IPv${options.family}`;
    throw new SendError(`error in getaddrinfo: ${cause.reason} ("${host}"${wanted})`, hint, { cause });
  }
}

const FAMILY_OPTIONS = { 4: "-4 (or --server-resolve-ipv4)", 6: "-6" } as const;

const ZONE_HINT = "what stands after % must be an interface of this machine: see ip link";

/** fe80::/10: the kernel refuses one without its interface as an invalid argument. */
function isLinkLocal(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

/**
 * Tries one address after the other until `attempt` succeeds. The last failure is told when none does.
 *
 * @throws SendError with the fragment `Could not create socket: <errno text>`
 */
export async function tryEach<Outcome>(
  destinations: readonly Destination[],
  attempt: (destination: Destination) => Promise<Outcome> | Outcome,
): Promise<Outcome> {
  let last: unknown;
  for (const destination of destinations) {
    try {
      return await attempt(destination);
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      last = socketError(error, destination);
    }
  }
  throw last;
}

function socketError(cause: FfiError, destination: Destination): SendError {
  const { failed, hint, code = 0 } = cause.details;
  const what = failed === undefined ? destination.text : `${failed.action}, ${destination.text}`;
  return new SendError(
    `Could not create socket: ${failed?.reason ?? cause.message} (${what})`,
    hint ?? ERRNO_HINT[code] ?? null,
    { cause },
  );
}

const ERRNO_HINT: Readonly<Record<number, string>> = {
  1: "the packet filter of this machine forbids it: allow outgoing packets to that port",
  101: "this machine has no route to that address: check the network connection, or the other family with -4 or -6",
  110: "nobody answered: check address and port, and whether a firewall drops the connection",
  111: "nothing listens on that port: check the port (-p), or use -P udp, which needs no listener",
  113: "the host cannot be reached: check the address and the network connection",
};
