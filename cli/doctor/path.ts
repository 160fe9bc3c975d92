/** The path to the server: name, route, and the right to send the kind of packet that is wanted. */
import { FfiError } from "../../ffi/errors.ts";
import { openRawSocket } from "../../ffi/libc/raw_socket.ts";
import { destinations, ownAddressTowards, wantedFamily } from "../send/address.ts";
import type { ClientSettings } from "../options/table.ts";
import type { Destination } from "../send/destination.ts";
import { ClientError } from "../ui/tui.ts";
import { failure, type Finding, fine } from "../../lib/finding.ts";

/** Looks at name, route and capability. With a proxy it is the proxy that must be reached. */
export async function examinePath(settings: ClientSettings): Promise<readonly Finding[]> {
  const host = nextHost(settings);
  try {
    const found = await destinations(host, wantedFamily(settings));
    return [
      fine("name", `${host} is ${found.map(({ text }) => text).join(", ")}`),
      examineRoute(found),
      ...examineCapability(settings, found),
    ];
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return [failure("name", error.message, error.hint)];
  }
}

function nextHost({ server, httpProxy, socks5 }: ClientSettings): string {
  if (socks5 !== undefined) return socks5.host;
  return httpProxy?.host ?? server ?? "";
}

function examineRoute(found: readonly Destination[]): Finding {
  for (const destination of found) {
    const own = ownAddressTowards(destination);
    if (own !== null) return fine("route", `from ${own} to ${destination.text}`);
  }
  const family = found.every((one) => one.family === 6) ? "an IPv6 route: try -4" : "the network connection";
  return failure("route", `there is none to ${found.map(({ text }) => text).join(", ")}`, `check ${family}`);
}

function examineCapability({ serverProto }: ClientSettings, found: readonly Destination[]): readonly Finding[] {
  if (!["udpraw", "tcpraw", "icmp"].includes(serverProto)) return [];
  try {
    openRawSocket(found[0]?.family ?? 4)[Symbol.dispose]();
    return [fine("capability", `raw sockets for ${serverProto}`)];
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return [failure("capability", error.message, error.details.hint)];
  }
}
