/**
 * Whether anything could ever come of a configuration whose values are right each by itself. What no packet can match is a
 * mistake, found here, before a start, instead of by somebody who knocks. Pure.
 */
import type { AddressList, AddressRange } from "../../lib/net/cidr.ts";
import { formatService, type Service } from "../../lib/net/service.ts";
import type { Origin, Problem } from "../../lib/settings/setting.ts";
import { mayHint } from "../../lib/spa/key_hint.ts";
import { isHostAddress } from "../grants/nat_policy.ts";
import { parseSnatAddresses } from "./nat_kinds.ts";
import { MIN_PAYLOAD } from "../packet/datagram.ts";
import type { ServerConfig } from "./resolve_server.ts";
import type { Stanza } from "./stanza.ts";

/** Where each setting was said; absent for built-in defaults. */
type Origins<Key extends string> = { readonly [key in Key]?: Origin };

/** Bytes of the shortest IP and UDP headers: what a frame holds besides the payload at the least. */
const LEAST_HEADERS = 28;

/** What becomes of a stanza that is taken all the same. */
const USELESS = "the stanza opens nothing";

/** What was said about hints. */
interface KeyHintSettings {
  readonly keyHint: boolean;
}

/** What makes a stanza useless: nothing that it could be asked for is left, or no packet is from and to its addresses. */
export function stanzaObjections(
  stanza: Stanza,
  origins: Origins<"openPorts" | "destination" | "guard" | "requireKeyHint">,
  settings: KeyHintSettings,
): readonly Problem[] {
  const problems: Problem[] = [];
  const { destination, openPorts, restrictPorts, source } = stanza;
  if (!source.any && source.ranges.every(isUnspecified)) {
    const message = `SOURCE: no packet comes from ${source.text}`;
    problems.push({ origin: stanza.origin, message, hint: "ANY stands for every address", lenient: USELESS });
  }
  if (openPorts !== null && !openPorts.some((service) => service.port > 0 && !lists(restrictPorts, service))) {
    const message = restrictPorts.length === 0
      ? `OPEN_PORTS: no packet can ask for ${openPorts.map(formatService).join(", ")}`
      : "OPEN_PORTS: RESTRICT_PORTS of the same stanza refuses all that is in it, so nothing can be opened";
    const hint = "name a port that is to be opened";
    problems.push({ origin: origins.openPorts ?? stanza.origin, message, hint, lenient: USELESS });
  }
  if (destination !== null && !families(source).some((family) => families(destination).includes(family))) {
    problems.push({
      origin: origins.destination ?? stanza.origin,
      message:
        "DESTINATION: no packet goes from an address of SOURCE to one of these: they are of different IP versions",
      hint: "name addresses of the same version in both, or remove DESTINATION",
      lenient: USELESS,
    });
  }
  const idle = idleGuard(stanza);
  if (idle !== null && origins.guard !== undefined) problems.push({ origin: origins.guard, ...idle });
  const unnamed = whyUnnamed(stanza, settings);
  if (unnamed !== null) problems.push({ origin: origins.requireKeyHint ?? stanza.origin, ...unnamed });
  return problems;
}

/** Why no packet that may open the stanza can name it; null where that is possible, or not asked for. */
function whyUnnamed({ keyHint, secrets }: Stanza, wanted: KeyHintSettings): Omit<Problem, "origin"> | null {
  if (keyHint !== "only") return null;
  const refused = (message: string, hint: string) => ({
    message: `REQUIRE_KEY_HINT: ${message}`,
    hint,
    lenient: USELESS,
  });
  if (!wanted.keyHint) return refused("KEY_HINT N of the same stanza lets no packet name it", "remove one of the two");
  if (secrets.some(mayHint)) return null;
  return refused(
    "no packet can name the stanza: that takes an HMAC key, and one of the modes CBC, CFB, ECB and legacy",
    "remove it, or set HMAC_KEY_BASE64 and ENCRYPTION_MODE CBC",
  );
}

/** Where no door of the stanza is one that GUARD is about. */
function idleGuard({ guard, nat, cycle }: Stanza): Omit<Problem, "origin"> | null {
  if (guard === "input") return null;
  if (cycle !== null) {
    const message = "GUARD: CMD_CYCLE_OPEN of the same stanza runs a command instead of opening a door";
    return { message, hint: "remove one of the two", lenient: "it has no effect" };
  }
  if (nat.forceNat === null) return null;
  const message = "GUARD: FORCE_NAT of the same stanza makes every request a NAT request, which has rules of its own";
  return { message, hint: "remove one of the two", lenient: "it has no effect" };
}

function isUnspecified({ address, mask }: AddressRange): boolean {
  return mask.every((byte) => byte === 0xff) && address.every((byte) => byte === 0);
}

function lists(services: readonly Service[], wanted: Service): boolean {
  return services.some((service) => formatService(service) === formatService(wanted));
}

function families(list: AddressList): readonly (4 | 6)[] {
  return list.any ? [4, 6] : list.ranges.map(({ family }) => family);
}

/** What of fwknopd.conf cannot work: frames too short for any packet, and two things in one file. */
export function serverObjections(
  config: ServerConfig,
  origins: Origins<"snapLength" | "pidFile" | "digestFile" | "nfqPort" | "snatAddress">,
): readonly Problem[] {
  const problems: Problem[] = [];
  const { capture, paths, replay, udpServer } = config;
  const shortest = LEAST_HEADERS + MIN_PAYLOAD;
  if (!udpServer.enabled && capture.file === null && capture.snapLength < shortest) {
    problems.push({
      origin: origins.snapLength ?? {},
      message: `MAX_SNIFF_BYTES: no packet fits into ${capture.snapLength} bytes: the shortest takes ${shortest}`,
      hint: "set it to 1500, which is enough for every packet",
      lenient: "no packet will be seen",
    });
  }
  if (config.settings.nfqCapture && config.settings.nfqPort === 0) {
    const message = "NFQ_PORT: no packet is sent to port 0";
    problems.push({ origin: origins.nfqPort ?? {}, message, hint: "name the port that clients knock at" });
  }
  const { snat, snatAddress } = config.settings;
  if (snat && snatAddress !== undefined && !parseSnatAddresses(snatAddress)?.every(isHostAddress)) {
    const message = `SNAT_TRANSLATE_IP: Invalid IPv4 addr for SNAT_TRANSLATE_IP, nor one of IPv6: "${snatAddress}"`;
    problems.push({
      origin: origins.snatAddress ?? {},
      message,
      hint: "name an address of this host, or one of each version",
    });
  }
  const owned = [
    ["FWKNOP_PID_FILE", paths.pidFile, origins.pidFile],
    ["DIGEST_FILE", replay.file, origins.digestFile],
  ] as const;
  const read = [["the file with the stanzas", paths.accessFile], ["the configuration", paths.configFile]] as const;
  const [pid, digest] = owned;
  if (pid[1] === digest[1]) problems.push(twice(pid[0], digest[0], origins.pidFile ?? origins.digestFile));
  for (const [name, path, origin] of owned) {
    for (const [what, other] of read) if (path === other) problems.push(twice(name, what, origin));
  }
  return problems;
}

/** What of fwknopd.conf is worth a line at each start: what is believed of whom, and what has no effect. */
export function serverWarnings({ capture, http, tcpServer, udpServer }: ServerConfig): readonly string[] {
  const warnings: string[] = [];
  const believes = http.enabled && http.trustForwardedFor;
  if (believes && http.proxies === null) {
    warnings.push(
      "ENABLE_X_FORWARDED_FOR: whoever sends a request is believed about whom it is from: name your proxies with HTTP_PROXIES",
    );
  }
  if (!believes && http.proxies !== null) {
    warnings.push("HTTP_PROXIES has no effect without ENABLE_SPA_OVER_HTTP Y and ENABLE_X_FORWARDED_FOR Y");
  }
  if (tcpServer.enabled && (udpServer.enabled || capture.file !== null)) {
    warnings.push("ENABLE_TCP_SERVER has no effect without capture on an interface");
  }
  return warnings;
}

function twice(name: string, other: string, origin: Origin = {}): Problem {
  return { origin, message: `${name}: this is also the path of ${other}`, hint: "give each a file of its own" };
}
