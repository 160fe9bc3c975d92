/** The address that is let in, as it stands in the packet. */
import { ResolveError, resolveHost } from "../../ffi/libc/resolver.ts";
import type { ClientSettings } from "../options/table.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** On the wire: "the source of the packet", for both families (facts/decisions 1). */
const PACKET_SOURCE = "0.0.0.0";

/** Canonical text of the address. Names are looked up, the own address is found where it was asked for. */
export async function allowedAddress(settings: ClientSettings, world: World): Promise<string> {
  const allow = settings.allowIp;
  const text = allow === undefined
    ? await (await import("./public_ip.ts")).findPublicAddress(settings, world)
    : allow.kind === "address"
    ? allow.ip.text
    : allow.kind === "name"
    ? await resolveName(allow.name, settings)
    : PACKET_SOURCE;
  if (text.includes(":") && settings.verbose > 0) {
    tellWarning(world, `-a ${text} needs a server of this project: servers in C take IPv4 addresses only`);
  }
  return text;
}

/** The first address of the wanted family; IPv4 where a name has both and nothing was wished. */
async function resolveName(name: string, settings: ClientSettings): Promise<string> {
  try {
    const found = await resolveHost(name, { family: settings.ipv6 ? 6 : settings.ipv4 ? 4 : null, port: 0 });
    const best = found.find(({ family }) => family === 4) ?? found[0];
    if (best !== undefined) return best.text;
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    throw new ClientError(`Invalid allow IP specified for SPA access: ${error.message}`, error.details.hint, {
      cause: error,
    });
  }
  throw new ClientError(`Invalid allow IP specified for SPA access: "${name}" has no address`);
}
