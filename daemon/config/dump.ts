/** The `-D` dump in the format of the C daemon (facts/configuration 5). Secrets are never in it. */
import { formatService } from "../../lib/net/service.ts";
import type { Setting, SettingTable } from "../../lib/settings/setting.ts";
import { ACCESS_SETTINGS, type AccessSettings } from "./access_settings.ts";
import { natAllow } from "./nat_kinds.ts";
import type { ServerConfig } from "./resolve_server.ts";
import { DUMPED, SERVER_SETTINGS } from "./settings.ts";
import { hmacOf, rijndaelOf, type Stanza } from "./stanza.ts";
import type { ResolvedStanza } from "./resolve_stanza.ts";

const NOT_SET = "<not set>";
const SECRET = "<see the access.conf file>";
const HMAC_NUMBERS = ["none", "md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"];

/** The whole dump, ending with a line end. Variables that the C daemon does not have follow its own. */
export function formatDump(config: ServerConfig, access: readonly ResolvedStanza[]): string {
  return `${formatSettings(config)}\n${formatAccess(access)}\n`;
}

function formatSettings(config: ServerConfig): string {
  const lines = ["Current fwknopd config settings:"];
  for (const [index, key] of DUMPED.entries()) {
    // The row and the value come from one table, which the compiler cannot follow through a computed key.
    const row = (SERVER_SETTINGS as SettingTable)[key] as Setting;
    const value = (config.settings as Readonly<Record<string, unknown>>)[key];
    const text = value === undefined ? NOT_SET : row.kind.format(value);
    const name = row.directive?.[0] ?? "";
    lines.push(`${String(index).padStart(3)}. ${name.padEnd(28)} =  '${text}'`);
  }
  return `${lines.join("\n")}\n`;
}

function formatAccess(access: readonly ResolvedStanza[]): string {
  const blocks = access.map((one) => {
    const rows = stanzaRows(one).map(([label, value]) => `${label.padStart(27)}:  ${value}`);
    const heading = `SOURCE (${one.stanza.number}):  ${one.stanza.source.text}`;
    return [heading, "=".repeat(62), ...rows].join("\n") + "\n\n";
  });
  return ["Current fwknopd access settings:\n", ...blocks].join("");
}

function stanzaRows({ stanza, settings }: ResolvedStanza): readonly (readonly [string, string | number])[] {
  const key = rijndaelOf(stanza)?.key ?? null;
  const hmac = hmacOf(stanza);
  return [
    ["DESTINATION", stanza.destination?.text ?? NOT_SET],
    ["OPEN_PORTS", stanza.openPorts?.map(formatService).join(", ") ?? NOT_SET],
    ["RESTRICT_PORTS", stanza.restrictPorts.map(formatService).join(", ") || NOT_SET],
    ["KEY", key === null ? NOT_SET : SECRET],
    ["KEY_BASE64", settings.keyBase64 === undefined ? NOT_SET : SECRET],
    ["KEY_LEN", key?.length ?? 0],
    ["HMAC_KEY", hmac === null ? NOT_SET : SECRET],
    ["HMAC_KEY_BASE64", settings.hmacKeyBase64 === undefined ? NOT_SET : SECRET],
    ["HMAC_KEY_LEN", hmac?.key.length ?? 0],
    ["HMAC_DIGEST_TYPE", HMAC_NUMBERS.indexOf(hmac?.name ?? "none")],
    ["FW_ACCESS_TIMEOUT", stanza.timeout],
    ["MAX_FW_TIMEOUT", stanza.maxTimeout],
    ...commandRows(settings),
    ["REQUIRE_USERNAME", stanza.requireUsername ?? NOT_SET],
    ["REQUIRE_SOURCE_ADDRESS", stanza.requireSourceAddress ? "Yes" : "No"],
    ...natRows(stanza),
    ["ACCESS_EXPIRE", stanza.expiresAt === null ? NOT_SET : asctime(stanza.expiresAt)],
    ...gpgRows(stanza, settings),
    ...ourRows(stanza, settings),
  ];
}

function natRows({ nat }: Stanza): readonly (readonly [string, string | number])[] {
  return [
    ["FORCE_NAT (ip)", nat.forceNat?.to.text ?? NOT_SET],
    ["FORCE_NAT (proto)", NOT_SET],
    ["FORCE_NAT (port)", nat.forceNat?.port ?? 0],
    ["FORCE_SNAT (ip)", nat.forceSnat?.text ?? NOT_SET],
    ["FORCE_MASQUERADE", nat.forceMasquerade ? "Yes" : "No"],
    ["DISABLE_DNAT", nat.disableDnat ? "Yes" : "No"],
    ["FORWARD_ALL", nat.forwardAll ? "Yes" : "No"],
  ];
}

/** What the C daemon does not have: shown where it is not as usual, so that dumps can be compared. */
function ourRows(
  { guard, maxOpenGrants, nat: { allow }, requireSystem }: Stanza,
  { gpgDecryptKeyFile, gpgRemoteKeyFiles }: AccessSettings,
): readonly (readonly [string, string | number])[] {
  const usual = maxOpenGrants === ACCESS_SETTINGS.maxOpenGrants.fallback;
  return [
    ...guard === ACCESS_SETTINGS.guard.fallback ? [] : [["GUARD", guard] as const],
    ...usual ? [] : [["MAX_OPEN_GRANTS", maxOpenGrants] as const],
    ...requireSystem === null ? [] : [["REQUIRE_OS", requireSystem.source] as const],
    ...allow === null ? [] : [["NAT_ALLOW", natAllow.format(allow)] as const],
    ...gpgDecryptKeyFile === undefined ? [] : [["GPG_DECRYPT_KEY_FILE", gpgDecryptKeyFile] as const],
    ...gpgRemoteKeyFiles === undefined ? [] : [["GPG_REMOTE_KEY_FILE", gpgRemoteKeyFiles.join(",")] as const],
  ];
}

function commandRows(settings: AccessSettings): readonly (readonly [string, string | number])[] {
  return [
    ["ENABLE_CMD_EXEC", settings.commandExec ? "Yes" : "No"],
    ["ENABLE_CMD_SUDO_EXEC", settings.commandSudo ? "Yes" : "No"],
    ["CMD_SUDO_EXEC_USER", settings.commandSudoUser ?? NOT_SET],
    ["CMD_SUDO_EXEC_GROUP", settings.commandSudoGroup ?? NOT_SET],
    ["CMD_EXEC_USER", settings.commandExecUser ?? NOT_SET],
    ["CMD_EXEC_GROUP", settings.commandExecGroup ?? NOT_SET],
    ["CMD_CYCLE_OPEN", settings.cycleOpen ?? NOT_SET],
    ["CMD_CYCLE_CLOSE", settings.cycleClose ?? NOT_SET],
    ["CMD_CYCLE_TIMER", settings.cycleTimer ?? 0],
  ];
}

function gpgRows({ gpg }: Stanza, settings: AccessSettings): readonly (readonly [string, string | number])[] {
  const keyring = gpg?.engine.kind === "keyring" ? gpg.engine : null;
  return [
    ["GPG_HOME_DIR", settings.gpgHome ?? keyring?.home ?? NOT_SET],
    ["GPG_EXE", settings.gpgExe ?? NOT_SET],
    ["GPG_DECRYPT_ID", settings.gpgDecryptId ?? NOT_SET],
    ["GPG_DECRYPT_PW", gpg === null ? NOT_SET : SECRET],
    ["GPG_REQUIRE_SIG", gpg !== null && gpg.signers !== null ? "Yes" : "No"],
    ["GPG_IGNORE_SIG_VERIFY_ERROR", settings.gpgIgnoreSignatureError ? "Yes" : "No"],
    ["GPG_REMOTE_ID", settings.gpgRemoteId?.join(",") ?? NOT_SET],
    ["GPG_FINGERPRINT_ID", settings.gpgFingerprints?.join(",") ?? NOT_SET],
  ];
}

/** `Thu Jul  4 00:00:00 2030`, local time, as asctime(3) writes it; the number itself where no calendar reaches. */
function asctime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const [week, month, day, year] = date.toDateString().split(" ");
  const time = date.toTimeString().slice(0, 8);
  return `${week} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}
