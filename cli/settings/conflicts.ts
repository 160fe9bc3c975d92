/**
 * What does not go together (facts/client 2, order of the checks). Pure: the first conflict in the C order, or null.
 */
import type { ClientSettings } from "../options/table.ts";

/** One conflict: a sentence and the next move. */
export interface Conflict {
  readonly message: string;
  readonly hint: string;
}

/** Runs that neither send nor build a packet need no destination. */
function needsDestination(settings: ClientSettings): boolean {
  return !settings.test && buildsPacket(settings);
}

/** Runs that make keys or print the version end before a packet is built. */
function buildsPacket(settings: ClientSettings): boolean {
  return !makesKeys(settings) && !settings.version;
}

/** `-k`, or `-K` which implies it. */
export function makesKeys(settings: ClientSettings): boolean {
  return settings.keyGen || settings.keyGenFile !== undefined;
}

/** Whether something is done after the knock. A rehearsal opens nothing, so nothing follows it. */
export function followsKnock({ test, wait, proxy, fdpass, thenCommand, hold }: ClientSettings): boolean {
  return !test && (wait !== undefined || proxy || fdpass || thenCommand || hold);
}

/** The first reason why this run is impossible; null for none. */
export function findConflict(settings: ClientSettings): Conflict | null {
  for (const check of CHECKS) {
    const conflict = check(settings);
    if (conflict !== null) return conflict;
  }
  return null;
}

/** How the key of a server is named. */
const RECIPIENT = "name the server's key: --gpg-recipient-key KEY, or the file that holds it (GPG_RECIPIENT)";

type Check = (settings: ClientSettings) => Conflict | null;

const CHECKS: readonly Check[] = [
  ({ server, version }) =>
    server?.includes(",") && !version
      ? conflict(`SPA_SERVER names one server, got "${server}"`, "several servers are named with -D A,B")
      : null,
  (settings) =>
    needsDestination(settings) && settings.server === undefined
      ? conflict(
        "Must use --destination unless --test mode is used",
        settings.saveRcStanza
          ? "name the server with -D HOST: a stanza that is being saved is not read"
          : settings.namedConfig !== undefined
          ? `add SPA_SERVER to stanza [${settings.namedConfig}], or name the server with -D HOST`
          : "name the server with -D HOST, or a stanza that has SPA_SERVER with -n NAME",
      )
      : null,
  (settings) =>
    buildsPacket(settings) && settings.allowIp === undefined && !settings.resolveIp
      ? conflict(
        "Must use one of [-s|-R|-a] to specify IP for SPA access",
        "-R finds the own address, -a ADDRESS names it",
      )
      : null,
  ({ spoofSource, serverProto }) =>
    spoofSource !== undefined && !["udpraw", "tcpraw", "icmp"].includes(serverProto)
      ? conflict(
        "Must set -P <udpraw|tcpraw|icmp> with a spoofed source IP",
        `use -P udpraw instead of ${serverProto}, or leave out -Q (SPOOF_SOURCE_IP)`,
      )
      : null,
  ({ httpProxy, serverProto }) =>
    httpProxy !== undefined && serverProto !== "http"
      ? conflict(`Cannot set --http-proxy with a non-HTTP protocol: -P ${serverProto}`, "leave out -P or -H")
      : null,
  ({ socks5, serverProto }) =>
    socks5 !== undefined && serverProto !== "tcp"
      ? conflict(`Cannot set --socks5 with another protocol than tcp: ${serverProto}`, "leave out --socks5, -H or -P")
      : null,
  ({ both, allowIp, ipv4, ipv6 }) =>
    both && (allowIp?.kind !== "source" || ipv4 || ipv6)
      ? conflict(
        "--both goes with -s, and with neither -4 nor -6",
        allowIp?.kind === "source" ? `leave out -${ipv4 ? 4 : 6}, or --both` : "add -s, or leave out --both",
      )
      : null,
  (settings) => settings.both ? oneFamilyOnly(settings) : null,
  ({ useGpg, gpgRecipient }) =>
    useGpg && gpgRecipient === undefined
      ? conflict("Must specify --gpg-recipient-key when GPG is used", RECIPIENT)
      : null,
  ({ useGpg, encryptionMode }) =>
    encryptionMode === "asymmetric" && !useGpg
      ? conflict(
        "Must specify GPG recipient/signing keys when Asymmetric encryption mode is used",
        `${RECIPIENT}, or leave out -M (ENCRYPTION_MODE)`,
      )
      : null,
  ({ encryptionMode, useHmac }) =>
    encryptionMode === "legacy" && useHmac
      ? conflict(
        "Legacy encryption mode is incompatible with HMAC usage",
        "leave out -M legacy, or the HMAC key",
      )
      : null,
  ({ ipv4, ipv6, serverResolveIpv4 }) =>
    ipv6 && (ipv4 || serverResolveIpv4)
      ? conflict(`-6 contradicts ${ipv4 ? "-4" : "--server-resolve-ipv4"}`, "leave out one of them")
      : null,
  ({ stdin, fd }) =>
    stdin && fd !== undefined ? conflict("--stdin and --fd both say where keys come from", "leave out one") : null,
];

/** The conflict where `--both` could use only one family, or would not choose the family itself. */
function oneFamilyOnly({ server, spoofSource, serverResolveIpv4, httpProxy, socks5 }: ClientSettings): Conflict | null {
  const server6 = server?.includes(":");
  const reason = httpProxy !== undefined || socks5 !== undefined
    ? "a proxy chooses the family itself"
    : serverResolveIpv4
    ? "--server-resolve-ipv4 means IPv4 only"
    : spoofSource !== undefined
    ? `${spoofSource.text} (-Q) is an IPv${spoofSource.family} address`
    : server6 || /^[0-9.]+$/.test(server ?? "")
    ? `${server} is an IPv${server6 ? 6 : 4} address`
    : null;
  if (reason === null) return null;
  return conflict(`--both needs both families, but ${reason}`, "give -D a name that has both, or leave out --both");
}

function conflict(message: string, hint: string): Conflict {
  return { message, hint };
}
