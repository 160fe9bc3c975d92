/**
 * The address of the server at which a run both knocks and connects: where its name has several addresses, the two must
 * not go to different hosts.
 */
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
export async function findAddress(host: string, family: 4 | 6 | null): Promise<Destination> {
  const found = await destinations(host, family);
  const address = found.find((destination) => ownAddressTowards(destination) !== null) ?? found[0];
  if (address === undefined) throw new ClientError(`"${host}" has no address`, "check the name after -D");
  return address;
}

/** The own address that packets to `destination` leave from; null without a route. */
export function ownAddressTowards(destination: Destination): string | null {
  try {
    using socket = connectDatagram({ ...destination, port: SOME_PORT });
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

/** The settings with this address in place of the name. HTTP keeps the name: it is part of the request. */
export function pinnedTo(settings: ClientSettings, address: Destination): ClientSettings {
  return settings.serverProto === "http" ? settings : { ...settings, server: address.text };
}
