/** The one address at which a run knocks and connects: a name with several must not send the two to different hosts. */
import { FfiError } from "../../ffi/errors.ts";
import { connectDatagram } from "../../ffi/libc/socket.ts";
import { ipFromBytes } from "../../lib/net/address.ts";
import type { ClientSettings } from "../options/table.ts";
import { type Destination, findDestinations } from "./destination.ts";
import { SendError } from "./target.ts";
import { ClientError } from "../ui/tui.ts";

/** Any port: nothing is sent to it. */
const SOME_PORT = 9;

/** The family that the options ask for; null for either. */
export function wantedFamily({ ipv4, ipv6, serverResolveIpv4 }: ClientSettings): 4 | 6 | null {
  return ipv6 ? 6 : ipv4 || serverResolveIpv4 ? 4 : null;
}

/**
 * The first address of a host that this machine has a route to; the first at all when there is none. Throws
 * {@link ClientError} when the name has no address.
 *
 * @tags allow-ffi
 */
export async function findPlace(host: string, family: 4 | 6 | null): Promise<Destination> {
  const found = await destinations(host, family);
  const place = found.find((destination) => ownAddressTowards(destination) !== null) ?? found[0];
  if (place === undefined) throw new ClientError(`"${host}" has no address`, "check the name after -D");
  return place;
}

/** The own address that packets to `place` leave from; null without a route. */
export function ownAddressTowards(place: Destination): string | null {
  try {
    using socket = connectDatagram({ ...place, port: SOME_PORT });
    return ipFromBytes(socket.localAddress().bytes).text;
  } catch (error) {
    if (error instanceof FfiError) return null;
    throw error;
  }
}

/** All addresses of a host, in the order in which they are tried. Throws {@link ClientError} when there is none. */
export async function destinations(host: string, family: 4 | 6 | null): Promise<readonly Destination[]> {
  try {
    return await findDestinations(host, { port: SOME_PORT, family });
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    throw new ClientError(error.message, error.hint ?? undefined, { cause: error });
  }
}

/** The settings with the place instead of the name. HTTP keeps the name: it is part of the request. */
export function pinnedTo(settings: ClientSettings, place: Destination): ClientSettings {
  return settings.serverProto === "http" ? settings : { ...settings, server: place.text };
}
