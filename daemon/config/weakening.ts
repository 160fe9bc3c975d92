/**
 * What a new configuration gives up of the one in force. A reload takes it all the same, because an operator may mean it;
 * but a file that was cut in the middle looks like this, so each loss is a warning. Pure; no key is in any text.
 */
import { DIGESTS } from "../../lib/crypto/digest.ts";
import { equalConstantTime } from "../../lib/bytes.ts";
import { type AddressList, includesList } from "../../lib/net/cidr.ts";
import { formatService, formatServices, type Service } from "../../lib/net/service.ts";
import type { GpgPolicy } from "../gpg/policy.ts";
import { formatOrigin } from "../../lib/settings/setting.ts";
import { compare, type Comparison, type Loss, row } from "./comparison.ts";
import type { ServerConfig } from "./resolve_server.ts";
import { GPG_ROWS } from "./weakening_gpg.ts";
import { NAT_ROWS } from "./weakening_nat.ts";
import { hmacOf, rijndaelOf, type Stanza } from "./stanza.ts";
import type { ResolvedStanza } from "./resolve_stanza.ts";

/** What of a configuration is compared. */
export interface Protection {
  readonly config: Pick<ServerConfig, "maxAge" | "http" | "firewall" | "capture" | "settings">;
  readonly access: readonly ResolvedStanza[];
}

/** Lines for the log: what is weaker in `after`, stanza by stanza, then for all of them. */
export function weakenings(before: Protection, after: Protection): readonly string[] {
  const lines: string[] = [];
  const orphans = before.access.filter((old) => !after.access.some((one) => sameKey(old.stanza, one.stanza)));
  for (const { stanza, origins } of after.access) {
    const { number, origin } = stanza;
    for (const { key, name, was, is } of stanzaLosses(stanza, before.access, orphans)) {
      const place = formatOrigin(origins[key] ?? origin);
      lines.push(`${place}: stanza #${number} is weaker than the one in force: ${name} was ${was}, is ${is}`);
    }
  }
  for (const { name, was, is } of compare(SERVER_ROWS, before.config, after.config)) {
    lines.push(`The configuration is weaker than the one in force: ${name} was ${was}, is ${is}`);
  }
  return lines;
}

const shorter = (was: number, is: number) => is < was;
const longer = (was: number, is: number) => is > was;
const lost = (was: boolean, is: boolean) => was && !is;
const gained = (was: boolean, is: boolean) => is && !was;
const sureYesNo = (value: boolean) => value ? "Y" : "N";
const inSeconds = (value: number) => `${value} seconds`;
const inBytes = (value: number) => value === 0 ? "none" : `of ${value} bytes`;
const portList = (services: readonly Service[] | null) =>
  services === null ? "every port" : formatServices(services) || "none";
const listText = (list: AddressList | null) => list?.text ?? "ANY";
const wider = (was: AddressList | null, is: AddressList | null) =>
  was !== null && (is === null ? !was.any : !includesList(was, is));
/** Least first: what a mode hides of equal messages, and what it makes of the key. */
const MODES = ["legacy", "ecb"];
const modeRank = (mode: string) => MODES.includes(mode) ? MODES.indexOf(mode) : MODES.length;

const STANZA_ROWS: readonly Comparison<Stanza>[] = [
  row({
    name: "the encryption key",
    key: "keyBase64",
    value: (stanza) => rijndaelOf(stanza)?.key.length ?? 0,
    isLoss: shorter,
    show: inBytes,
  }),
  row({
    name: "ENCRYPTION_MODE",
    key: "encryptionMode",
    value: (stanza) => rijndaelOf(stanza)?.mode ?? "cbc",
    isLoss: (was, is) => shorter(modeRank(was), modeRank(is)),
    show: (mode) => mode,
  }),
  row({
    name: "the HMAC key",
    key: "hmacKeyBase64",
    value: (stanza) => hmacOf(stanza)?.key.length ?? 0,
    isLoss: shorter,
    show: inBytes,
  }),
  row({
    name: "HMAC_DIGEST_TYPE",
    key: "hmacDigestType",
    value: (stanza) => hmacOf(stanza)?.name ?? null,
    isLoss: (was, is) => was !== null && is !== null && shorter(DIGESTS[was].characters, DIGESTS[is].characters),
    show: (name) => name ?? "none",
  }),
  row({ name: "SOURCE", key: "source", value: (stanza) => stanza.source, isLoss: wider, show: listText }),
  row({
    name: "DESTINATION",
    key: "destination",
    value: (stanza) => stanza.destination,
    isLoss: wider,
    show: listText,
  }),
  row({
    name: "OPEN_PORTS",
    key: "openPorts",
    value: (stanza) => stanza.openPorts,
    isLoss: (was, is) => was !== null && (is === null || is.some((service) => !lists(was, service))),
    show: portList,
  }),
  row({
    name: "RESTRICT_PORTS",
    key: "restrictPorts",
    value: (stanza) => stanza.restrictPorts,
    isLoss: (was, is, { openPorts }) =>
      was.some((service) => !lists(is, service) && (openPorts === null || lists(openPorts, service))),
    show: portList,
  }),
  row({
    name: "REQUIRE_USERNAME",
    key: "requireUsername",
    value: (stanza) => stanza.requireUsername,
    isLoss: (was, is) => was !== null && is === null,
    show: (name) => name ?? "any user",
  }),
  row({
    name: "REQUIRE_OS",
    key: "requireSystem",
    value: (stanza) => stanza.requireSystem,
    isLoss: (was, is) => was !== null && is === null,
    show: (pattern) => pattern?.source ?? "any system",
  }),
  row({
    name: "REQUIRE_SOURCE_ADDRESS",
    key: "requireSourceAddress",
    value: (stanza) => stanza.requireSourceAddress,
    isLoss: lost,
    show: sureYesNo,
  }),
  row({
    name: "ACCESS_EXPIRE",
    key: "accessExpire",
    value: (stanza) => stanza.expiresAt ?? Infinity,
    isLoss: longer,
    show: (end) => end === Infinity ? "never" : `${end} (seconds since 1970)`,
  }),
  row({
    name: "FW_ACCESS_TIMEOUT",
    key: "accessTimeout",
    value: (stanza) => stanza.timeout,
    isLoss: longer,
    show: inSeconds,
  }),
  row({
    name: "MAX_FW_TIMEOUT",
    key: "maxTimeout",
    value: (stanza) => stanza.maxTimeout,
    isLoss: longer,
    show: inSeconds,
  }),
  row({
    name: "MAX_OPEN_GRANTS",
    key: "maxOpenGrants",
    value: (stanza) => stanza.maxOpenGrants,
    isLoss: longer,
    show: String,
  }),
  row({
    name: "ENABLE_CMD_EXEC",
    key: "commandExec",
    value: (stanza) => stanza.commands !== null,
    isLoss: gained,
    show: sureYesNo,
  }),
  row({
    name: "CMD_EXEC_USER",
    key: "commandExecUser",
    value: (stanza) => stanza.commands,
    isLoss: (was, is) => was !== null && is !== null && was.runAs !== null && is.runAs === null,
    show: (commands) => commands?.runAs?.user ?? "the daemon itself",
  }),
  row({
    name: "CMD_CYCLE_OPEN",
    key: "cycleOpen",
    value: (stanza) => stanza.cycle?.open ?? null,
    isLoss: (was, is) => was !== null && is === null,
    show: (open) => open ?? "none, so that doors are opened",
  }),
  row({
    name: "CMD_CYCLE_CLOSE",
    key: "cycleClose",
    value: (stanza) => stanza.cycle,
    isLoss: (was, is) => was !== null && is !== null && was.close !== null && is.close === null,
    show: (cycle) => cycle?.close ?? "NONE",
  }),
  row({
    name: "ENABLE_CMD_SUDO_EXEC",
    key: "commandSudo",
    value: (stanza) => (stanza.commands?.prefix.length ?? 0) > 0,
    isLoss: gained,
    show: sureYesNo,
  }),
  ...NAT_ROWS,
  ...GPG_ROWS,
];

/** What needs no new start to be in force; the rest of fwknopd.conf says so when it changes. */
const SERVER_ROWS: readonly Comparison<Protection["config"]>[] = [
  serverRow(
    "MAX_SPA_PACKET_AGE",
    (config) => config.maxAge ?? Infinity,
    longer,
    (age) => age === Infinity ? "not checked" : inSeconds(age),
  ),
  serverRow("ENABLE_SPA_OVER_HTTP", (config) => config.http.enabled, gained, sureYesNo),
  serverRow("ALLOW_ANY_USER_AGENT", (config) => config.http.enabled && config.http.anyUserAgent, gained, sureYesNo),
  serverRow(
    "ENABLE_X_FORWARDED_FOR",
    (config) => config.http.enabled && config.http.trustForwardedFor,
    gained,
    sureYesNo,
  ),
  serverRow(
    "HTTP_PROXIES",
    (config) => config.http.proxies,
    wider,
    listText,
  ),
  serverRow("ENABLE_DESTINATION_RULE", (config) => config.firewall.destinationRule, lost, sureYesNo),
  serverRow("ENABLE_NAT_DNS", (config) => takesNat(config) && config.settings.natDns, gained, sureYesNo),
  serverRow(
    "ENABLE_FORWARD_ANY_HOST",
    (config) => takesNat(config) && !config.firewall.nat.strictForward,
    gained,
    sureYesNo,
  ),
  serverRow("ENABLE_PCAP_ANY_DIRECTION", (config) => config.capture.anyDirection, gained, sureYesNo),
];

function takesNat({ firewall: { switches } }: Protection["config"]): boolean {
  return switches.forwarding || switches.localNat;
}

function serverRow<Value>(
  name: string,
  value: (config: Protection["config"]) => Value,
  isLoss: (was: Value, is: Value) => boolean,
  show: (value: Value) => string,
): Comparison<Protection["config"]> {
  return row({ name, key: "source", value, isLoss, show });
}

function lists(services: readonly Service[], wanted: Service): boolean {
  return services.some((service) => formatService(service) === formatService(wanted));
}

/**
 * Compares a stanza with the one that it was before, wherever it stands now. The key tells which one that was: of
 * stanzas with the same encryption key the one that loses least. A key that is new is that of an old stanza whose own
 * is gone: the one whose key it is cut from or continues, with the same HMAC key, or with the same SOURCE. Otherwise
 * the stanza is new.
 */
function stanzaLosses(
  stanza: Stanza,
  before: readonly ResolvedStanza[],
  orphans: readonly ResolvedStanza[],
): readonly Loss[] {
  const likes = [
    before.filter((old) => sameKey(old.stanza, stanza)),
    orphans.filter((old) => isCut(old.stanza, stanza)),
    orphans.filter((old) => sameHmacKey(old.stanza, stanza)),
    orphans.filter((old) => old.stanza.source.text === stanza.source.text),
  ].find((found) => found.length > 0) ?? [];
  const losses = likes.map((old) => compare(STANZA_ROWS, old.stanza, stanza));
  return losses.sort((a, b) => a.length - b.length)[0] ?? [];
}

function sameKey(a: Stanza, b: Stanza): boolean {
  return equalKeys(rijndaelOf(a), rijndaelOf(b)) ||
    rijndaelOf(a) === null && rijndaelOf(b) === null && sameGpgKey(a.gpg, b.gpg);
}

/** Of stanzas for GnuPG only: the key that decrypts is shared by many, so who may sign has to overlap, or the HMAC key tells. */
function sameGpgKey(a: GpgPolicy | null, b: GpgPolicy | null): boolean {
  if (a === null || b === null) return false;
  const [first, second] = [a, b].map(({ signers }) => [...signers?.fingerprints ?? [], ...signers?.ids ?? []]);
  return first!.some((one) => second!.includes(one));
}

function sameHmacKey(a: Stanza, b: Stanza): boolean {
  return equalKeys(hmacOf(a), hmacOf(b));
}

interface Key {
  readonly key: Uint8Array;
}

function equalKeys(a: Key | null, b: Key | null): boolean {
  return a !== null && b !== null && equalConstantTime(a.key, b.key);
}

/** Whether one key is the beginning of the other. The last byte of a cut key may hold the bits of half a character. */
function isCut(a: Stanza, b: Stanza): boolean {
  const [first, second] = [rijndaelOf(a)?.key ?? new Uint8Array(), rijndaelOf(b)?.key ?? new Uint8Array()];
  const length = Math.min(first.length, second.length) - 1;
  return length > 0 && equalConstantTime(first.subarray(0, length), second.subarray(0, length));
}
