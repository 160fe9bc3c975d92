/**
 * From what was given for one stanza to a {@link Stanza}: keys chosen and checked, times combined. Pure. Problems are
 * those of facts/configuration 7 in its order of validation, all of them; what the C daemon only says in passing
 * becomes a warning.
 */
import type { RijndaelMode } from "../../lib/crypto/engine.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { GENERATED_KEY_BYTES, looksCut } from "../../lib/base64.ts";
import { equalConstantTime, wipe } from "../../lib/bytes.ts";
import { type Resolved, resolveSettings } from "../../lib/settings/resolve.ts";
import type { Given, Origin, Problem } from "../../lib/settings/setting.ts";
import type { GpgPolicy } from "../gpg/policy.ts";
import { ACCESS_SETTINGS, type AccessSettings } from "./access_settings.ts";
import type { RawStanza } from "./load.ts";
import { type CommandHost, DATA_ERROR, refusals, type Report } from "./files.ts";
import type { NatSwitches } from "../grants/nat_policy.ts";
import { type GpgFiles, resolveGpg, wantsGpg } from "./resolve_gpg.ts";
import type { GpgDefaults } from "./resolve_server.ts";
import { resolveNat } from "./resolve_nat.ts";
import { stanzaObjections } from "./possible.ts";
import { resolveCommands } from "./resolve_commands.ts";
import type { Stanza } from "./stanza.ts";

/** A stanza and everything that was written for it, also what a later line replaced. */
export interface ResolvedStanza {
  readonly stanza: Stanza;
  readonly settings: AccessSettings;
  /** Where each setting was said. */
  readonly origins: Resolved<typeof ACCESS_SETTINGS>["origins"];
}

/** Bytes of an encryption key. The C daemon loads longer ones and then refuses every packet. */
const MAX_RIJNDAEL_KEY = 32;
/** Bytes that legacy mode uses of it. */
const LEGACY_KEY = 16;
const DEFAULT_TIMEOUT = 30;
const DEFAULT_MAX_TIMEOUT = 300;

/** Settings of which one replaces the other: of each group only the last that was given counts. */
const SLOTS = [["key", "keyBase64"], ["hmacKey", "hmacKeyBase64"], ["accessExpire", "accessExpireEpoch"]] as const;

/** What a stanza depends on besides its own lines. */
export interface StanzaContext {
  readonly report: Report;
  readonly commandHost: CommandHost;
  /** SUDO_EXE. */
  readonly sudo: string;
  /** ENABLE_IPT_FORWARDING and ENABLE_IPT_LOCAL_NAT. */
  readonly nat: NatSwitches;
  readonly files: GpgFiles;
  readonly gpg: GpgDefaults;
}

/** Resolves one stanza; null when something is wrong with it, which is then in the report. */
export function resolveStanza(raw: RawStanza, context: StanzaContext): ResolvedStanza | null {
  const { report } = context;
  const before = refusals(report);
  const given = lastOfEach(raw, report);
  const resolved = resolveSettings(ACCESS_SETTINGS, raw.given);
  report.problems.push(...resolved.problems.map((problem) => inWordsOfC(problem, raw)));
  const last = resolveSettings(ACCESS_SETTINGS, given).values;
  const source = last.source;
  const keys = stanzaKeys(last, { raw, given, origins: resolved.origins }, context);
  if (source === undefined || refusals(report) > before) return null;
  const times = stanzaTimes(last, `for stanza source: '${source.text}' (#${raw.number})`, report);
  if (!last.requireSourceAddress) {
    // The sentence of the C daemon.
    report.warnings.push(`Warning: REQUIRE_SOURCE_ADDRESS not enabled for access stanza source: '${source.text}'`);
  }
  const said = { origins: resolved.origins, origin: raw.origin, source: source.text };
  const stanza: Stanza = {
    number: raw.number,
    origin: raw.origin,
    source,
    destination: last.destination ?? null,
    openPorts: last.openPorts ?? null,
    restrictPorts: last.restrictPorts ?? [],
    ...keys,
    ...times,
    maxOpenGrants: last.maxOpenGrants,
    guard: last.guard,
    nat: resolveNat(last, { ...said, switches: context.nat }, report.problems),
    ...resolveCommands({ values: last, ...said }, { host: context.commandHost, ...context }),
    requireUsername: last.requireUsername ?? null,
    requireSourceAddress: last.requireSourceAddress,
    requireSystem: last.requireSystem ?? null,
    keyHint: last.requireKeyHint ? "only" : last.keyHint ? "first" : "none",
    expiresAt: last.accessExpire ?? (last.accessExpireEpoch || null),
  };
  report.problems.push(...stanzaObjections(stanza, resolved.origins, last));
  return { stanza, settings: withOneCopy(resolved.values, last), origins: resolved.origins };
}

const KEY_SETTINGS = ["key", "keyBase64", "hmacKey", "hmacKeyBase64", "gpgDecryptPassword"] as const;

/** The settings with the keys that count, which were read a second time, in one copy only. */
function withOneCopy(settings: AccessSettings, counting: AccessSettings): AccessSettings {
  const shared = KEY_SETTINGS.filter((name) => counting[name] !== undefined);
  for (const name of shared) wipe(settings[name] ?? new Uint8Array());
  return { ...settings, ...Object.fromEntries(shared.map((name) => [name, counting[name]])) };
}

/** Overwrites the keys of stanzas that no packet will be tried with any more. */
export function forgetKeys(access: readonly ResolvedStanza[]): void {
  for (const { settings, stanza } of access) {
    for (const name of KEY_SETTINGS) wipe(settings[name] ?? new Uint8Array());
    if (stanza.gpg?.engine.kind === "files") wipe(stanza.gpg.engine.decrypt.bytes);
  }
}

/** What scripts look for: other words for a range than in fwknopd.conf, and what becomes of the stanza there. */
function inWordsOfC(problem: Problem, { keyFiles }: RawStanza): Problem {
  const message = problem.message.replace("not in the range", "not in range")
    .replace(/^HMAC_DIGEST_TYPE: expected/, "HMAC_DIGEST_TYPE argument must be")
    .replace(/^(SOURCE|DESTINATION|OPEN_PORTS|RESTRICT_PORTS): .*$/, "$& (Fatal invalid $1 in access stanza)");
  const included = problem.origin.file !== undefined && keyFiles.includes(problem.origin.file);
  return { ...problem, message: included ? `${message} (Data error in included keyfile, skipping stanza)` : message };
}

/**
 * What counts of what was given, one for each group. A variable that stands twice is worth a warning: the first is
 * lost.
 */
function lastOfEach(raw: RawStanza, report: Report): readonly Given[] {
  const counts = new Map<string, Given>();
  for (const said of raw.given) {
    const slot = SLOTS.find((keys) => (keys as readonly string[]).includes(said.key))?.[0] ?? said.key;
    const earlier = counts.get(slot);
    if (earlier !== undefined) {
      report.warnings.push(
        `${place(said.origin)}: ${said.name} replaces ${earlier.name} of ${place(earlier.origin)} in the same stanza`,
      );
    }
    counts.set(slot, said);
  }
  return [...counts.values()];
}

/** A stanza, what counts of it, and where what is wrong with its keys is told. */
interface KeyContext {
  readonly raw: RawStanza;
  readonly given: readonly Given[];
  readonly report: Report;
  readonly gpg: GpgPolicy | null;
}

/** What opens packets of the stanza. */
function stanzaKeys(
  values: AccessSettings,
  { raw, given, origins }: Pick<KeyContext, "raw" | "given"> & Pick<ResolvedStanza, "origins">,
  context: StanzaContext,
): Pick<Stanza, "secrets" | "gpg"> {
  const { report } = context;
  const said = { origins, given, origin: raw.origin, source: firstText(raw), number: raw.number };
  const gpg = resolveGpg(values, said, context);
  const secrets = stanzaSecrets(values, { raw, given, report, gpg });
  warnCutKeys(given, report);
  return { secrets, gpg };
}

/** Chooses and checks the keys, the one for Rijndael first; none after a problem, which is reported. */
function stanzaSecrets(values: AccessSettings, context: KeyContext): readonly Secrets[] {
  const { given, report, gpg } = context;
  const said = given.find(({ key }) => key === "key" || key === "keyBase64");
  if (said === undefined && !wantsGpg(values)) return noKeys(context);
  const mode = values.encryptionMode.toLowerCase();
  const encryption = values.keyBase64 ?? values.key;
  if (mode === "asymmetric" && said !== undefined) return asymmetricKey(context);
  const key = said === undefined || encryption === undefined ? null : fitKey(encryption, mode, { said, report });
  const hmac = stanzaHmac(values, encryption, context);
  if (hmac === undefined || said !== undefined && key === null) return [];
  return [
    ...key === null ? [] : [{ hmac, cipher: { kind: "rijndael", key, mode: mode as RijndaelMode } } as const],
    ...gpg === null ? [] : [{ hmac, cipher: { kind: "gpg" } } as const],
  ];
}

/** Nothing that a packet could be encrypted with: a problem. */
function noKeys({ raw, given, report }: KeyContext): readonly Secrets[] {
  // What was said of keys and cannot be read has had its problem already.
  if (given.some(({ key }) => key === "gpgDecryptPassword" || key === "gpgDecryptKeyFile")) return [];
  const included = raw.keyFiles.map((file) => `, a key was not found in ${file} either (skipping stanza)`).join("");
  const message = `No keys found for access stanza source: '${firstText(raw)}'${included} ${DATA_ERROR}`;
  const hint = given.some(({ key }) => key.startsWith("gpg"))
    ? "add GPG_DECRYPT_PW, or GPG_ALLOW_NO_PW Y for a key without passphrase"
    : "add KEY_BASE64 (fwknopd --key-gen makes one)";
  report.problems.push({ origin: raw.origin, message, hint });
  return [];
}

/** What the stanza begins with, its SOURCE: by this the C daemon names stanzas. */
function firstText(raw: RawStanza): string {
  return raw.given[0]?.text ?? "";
}

/** The mode of GnuPG beside a key of Rijndael, which then opens nothing: a problem. */
function asymmetricKey({ raw, given, report }: KeyContext): readonly Secrets[] {
  const said = given.find((one) => one.key === "encryptionMode");
  const message =
    "ENCRYPTION_MODE: Asymmetric is for GnuPG, and with it no packet can be opened by the KEY of the stanza";
  const hint = "remove the line: packets for GnuPG need none";
  report.problems.push({ origin: said?.origin ?? raw.origin, message, hint });
  return [];
}

/** The key of the HMAC; null where the stanza has none, which is a warning, and undefined after a problem. */
function stanzaHmac(
  values: AccessSettings,
  encryption: Uint8Array | undefined,
  { raw, given, report }: KeyContext,
): Secrets["hmac"] | undefined {
  const said = given.find((one) => one.key === "hmacKey" || one.key === "hmacKeyBase64");
  const key = values.hmacKeyBase64 ?? values.hmacKey;
  if (said === undefined) {
    const advice = "packets are encrypted but not authenticated (add HMAC_KEY_BASE64)";
    report.warnings.push(`Warning: no HMAC key for access stanza source: '${firstText(raw)}': ${advice}`);
    return null;
  }
  if (key === undefined) return undefined;
  const same = [
    [encryption, "the encryption key and the HMAC key"],
    [values.gpgDecryptPassword, "the encryption passphrase and the HMAC key"],
  ] as const;
  for (const [other, names] of same) {
    if (other === undefined || !equalConstantTime(key, other)) continue;
    const message = `${said.name}: ${names} should not be identical ${DATA_ERROR}`;
    report.problems.push({ origin: said.origin, message, hint: "fwknopd --key-gen makes two" });
    return undefined;
  }
  return { name: values.hmacDigestType ?? "sha256", key };
}

function warnCutKeys(given: readonly Given[], report: Report): void {
  for (const { key, name, origin, text } of given) {
    const whole = { keyBase64: GENERATED_KEY_BYTES.encryption, hmacKeyBase64: GENERATED_KEY_BYTES.hmac }[key];
    if (whole === undefined || text === null || !looksCut(text, whole)) continue;
    report.warnings.push(
      `${
        place(origin)
      }: ${name} looks cut: it ends in the middle of its base64 text, of which ${text.length} characters ` +
        "are left; paste the whole key again",
    );
  }
}

/** The key as its mode takes it; null after a problem. */
function fitKey(
  key: Uint8Array,
  mode: string,
  { said, report }: { readonly said: Given; readonly report: Report },
): Uint8Array | null {
  if (mode === "legacy") {
    if (key.length <= LEGACY_KEY) return key;
    report.warnings.push(
      `${place(said.origin)}: ${said.name} is cut to ${LEGACY_KEY} bytes, because ENCRYPTION_MODE is legacy`,
    );
    return key.subarray(0, LEGACY_KEY);
  }
  if (key.length <= MAX_RIJNDAEL_KEY) return key;
  const problem: Problem = {
    origin: said.origin,
    message:
      `${said.name}: Invalid key length: the key has ${key.length} bytes, at most ${MAX_RIJNDAEL_KEY} are allowed`,
    hint: said.key === "key" && /^[A-Za-z0-9+/]{43}=?$/.test(said.text ?? "")
      ? "a key in base64 is written as KEY_BASE64"
      : "fwknopd --key-gen makes one that fits",
  };
  report.problems.push(problem);
  return null;
}

/**
 * FW_ACCESS_TIMEOUT and MAX_FW_TIMEOUT. A maximum that was written binds both; the built-in one binds only what clients ask
 * for, as in C, so that a long FW_ACCESS_TIMEOUT alone still means what it says.
 */
function stanzaTimes(values: AccessSettings, context: string, report: Report) {
  const timeout = values.accessTimeout || DEFAULT_TIMEOUT;
  const maxTimeout = values.maxTimeout || DEFAULT_MAX_TIMEOUT;
  if (timeout <= maxTimeout) return { timeout, maxTimeout };
  if (!values.maxTimeout) {
    report.warnings.push(
      `Warning: FW_ACCESS_TIMEOUT ${timeout} is longer than the ${maxTimeout} seconds that clients may ask for, honoring MAX_FW_TIMEOUT ${context}`,
    );
    return { timeout, maxTimeout };
  }
  report.warnings.push(`Warning: MAX_FW_TIMEOUT < FW_ACCESS_TIMEOUT, honoring MAX_FW_TIMEOUT ${context}`);
  return { timeout: maxTimeout, maxTimeout };
}

function place(origin: Origin): string {
  return `${origin.file}:${origin.line}`;
}
