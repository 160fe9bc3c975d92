/** What follows from the settings taken together: options that imply others. Pure. */
import { stripBrackets } from "../../lib/net/host_name.ts";
import type { Given } from "../../lib/settings/setting.ts";
import type { ClientKey, ClientSettings } from "../options/table.ts";

const GPG_KEYS: readonly ClientKey[] = [
  "gpgRecipient",
  "gpgSigner",
  "gpgHomeDir",
  "gpgExe",
  "gpgAgent",
  "gpgNoSigningPw",
];

/**
 * Completes settings that were settled (`precedence.ts`) and resolved: `timeOffset`, `allowIp`, `resolveIp`, `useHmac`,
 * `useGpg`, `serverProto`, `serverResolveIpv4` and `server` hold what counts afterwards. Options imply, directives
 * mostly do not (facts/client 2, facts/client 3).
 */
export function completeSettings(settings: ClientSettings, given: readonly Given[]): ClientSettings {
  const fromOption = (key: ClientKey) => given.some((said) => said.key === key && said.origin.option !== undefined);
  const offset = settings.timeOffsetMinus === undefined ? settings.timeOffsetPlus : -settings.timeOffsetMinus;
  return {
    ...settings,
    ...allowedAddress(settings, fromOption),
    timeOffset: offset ?? settings.timeOffset,
    useHmac: settings.useHmac || hasHmacKey(settings) || fromOption("hmacDigestType") || fromOption("hmacKeyLen"),
    useGpg: settings.useGpg || GPG_KEYS.some(fromOption),
    serverProto: saysProtocol(given) ? settings.serverProto : impliedProto(settings),
    serverResolveIpv4: settings.serverResolveIpv4 && (fromOption("serverResolveIpv4") || !wantsIpv6(settings)),
    server: settings.server === undefined ? undefined : stripBrackets(settings.server),
  };
}

/** Whether -P has the last word: as in C, -H after it means http. */
function saysProtocol(given: readonly Given[]): boolean {
  const last = (key: ClientKey) => given.findLastIndex((said) => said.key === key && said.origin.option !== undefined);
  return last("serverProto") > last("httpProxy");
}

/** -6 and --both stand on the command line only, where they beat a directive. */
function wantsIpv6({ ipv6, both }: ClientSettings): boolean {
  return ipv6 || both;
}

/** A proxy decides how the packet travels, whatever a stanza says. */
function impliedProto(settings: ClientSettings): ClientSettings["serverProto"] {
  if (settings.httpProxy !== undefined) return "http";
  return settings.socks5 === undefined ? settings.serverProto : "tcp";
}

/** An address, "source", or a request to find out; `--resolve-url` alone is such a request too. */
function allowedAddress(
  settings: ClientSettings,
  fromOption: (key: ClientKey) => boolean,
): Pick<ClientSettings, "allowIp" | "resolveIp"> {
  if (settings.sourceIp) return { allowIp: { kind: "source" }, resolveIp: false };
  const direct = settings.allowIp;
  if (direct !== undefined && direct.kind !== "resolve") return { allowIp: direct, resolveIp: false };
  const asked = direct !== undefined || settings.resolveIp || fromOption("resolveHttpOnly") ||
    settings.resolveUrl !== undefined;
  return { allowIp: undefined, resolveIp: asked };
}

function hasHmacKey({ hmacKey, hmacKeyBase64, hmacKeyFile, hmacKeyCmd }: ClientSettings): boolean {
  return [hmacKey, hmacKeyBase64, hmacKeyFile, hmacKeyCmd].some((source) => source !== undefined);
}
