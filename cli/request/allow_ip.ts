/** The address that is let in, as it stands in the packet. */
import { ResolveError, resolveHost } from "../../ffi/libc/resolver.ts";
import { type Ip, parseIp, UNSPECIFIED4 } from "../../lib/net/address.ts";
import type { ClientSettings } from "../options/table.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** The address; `0.0.0.0` for the packet's source. Names are looked up, the own address is found where it was asked for. */
export async function allowedAddress(settings: ClientSettings, world: World): Promise<Ip> {
  const allow = settings.allowIp;
  const ip = allow === undefined
    ? await (await import("./public_ip.ts")).findPublicAddress(settings, world)
    : allow.kind === "address"
    ? allow.ip
    : allow.kind === "name"
    ? await resolveName(allow.name, settings)
    // "The source of the packet" on the wire, for both families (facts/decisions 1).
    : UNSPECIFIED4;
  if (ip.family === 6 && settings.verbose > 0) {
    tellWarning(world, `-a ${ip.text} needs a server of this project: servers in C take IPv4 addresses only`);
  }
  return ip;
}

/** The first address of the wanted family; IPv4 where a name has both and nothing was wished. */
async function resolveName(name: string, settings: ClientSettings): Promise<Ip> {
  try {
    const found = await resolveHost(name, { family: settings.ipv6 ? 6 : settings.ipv4 ? 4 : null, port: 0 });
    // An address of one link has its interface behind it: elsewhere it means nothing.
    const addresses = found.map(({ text }) => parseIp(text)).filter((ip) => ip.ok).map(({ value }) => value);
    const best = addresses.find(({ family }) => family === 4) ?? addresses[0];
    if (best !== undefined) return best;
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    throw new ClientError(`Invalid allow IP specified for SPA access: ${error.message}`, error.details.hint, {
      cause: error,
    });
  }
  throw new ClientError(`Invalid allow IP specified for SPA access: "${name}" has no address`);
}
