/** Whose address is let in, and whether it can be found. */
import { allowedAddress } from "../request/allow_ip.ts";
import { findAddress, ownAddressTowards, wantedFamily } from "../send/address.ts";
import type { ClientSettings } from "../options/table.ts";
import { findPublicAddress } from "../request/public_ip.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";

/** What was found, and the time of the service that `-R` asked, where it sent it. */
export interface AddressFindings {
  readonly findings: readonly Finding[];
  /** Milliseconds since 1970; null when nobody was asked or told. */
  readonly date: number | null;
}

/** Looks the address up as a knock would. */
export async function examineAddress(settings: ClientSettings, world: World): Promise<AddressFindings> {
  const { allowIp } = settings;
  if (allowIp?.kind === "source") {
    const found = "-s lets in whatever address the packet seems to come from, and the server may refuse it";
    return { findings: [doubt("address", found, "use -R or -a")], date: null };
  }
  let date: number | null = null;
  try {
    const { text } = settings.resolveIp
      ? await findPublicAddress(settings, world, {
        anyServer: true,
        onAnswer: (answer) => date = parseDate(answer.headers.get("date")),
      })
      : await allowedAddress(settings, world);
    return { findings: [await findingFor(text, settings)], date };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { findings: [failure("address", error.message, error.hint)], date };
  }
}

async function findingFor(text: string, settings: ClientSettings): Promise<Finding> {
  if (text.includes(":")) {
    return doubt("address", `${text}: fwknopd in C takes IPv4 addresses only`, "use -4 if the server is one");
  }
  const own = await ownAddress(settings);
  if (settings.resolveIp || own === null || own === text) return fine("address", `${text} is let in`);
  return doubt(
    "address",
    `${text} is let in, but packets leave from ${own}`,
    "right only if the server sees that address",
  );
}

async function ownAddress(settings: ClientSettings): Promise<string | null> {
  try {
    return ownAddressTowards(await findAddress(settings.server ?? "", wantedFamily(settings)));
  } catch (error) {
    // The finding about the path to the server tells it.
    if (error instanceof ClientError) return null;
    throw error;
  }
}

function parseDate(header: string | null): number | null {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? null : date;
}
