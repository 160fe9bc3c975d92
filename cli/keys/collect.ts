/**
 * The keys of a packet: from options and stanzas, key files, programs, a descriptor, or the terminal, in this order.
 * Which source counts was decided before (`precedence.ts`).
 */
import { GENERATED_KEY_BYTES, looksCut } from "../../lib/base64.ts";
import { equalConstantTime, escapedBytes } from "../../lib/bytes.ts";
import type { RijndaelMode } from "../../lib/crypto/engine.ts";
import type { HmacKey, RijndaelSecrets } from "../../lib/crypto/secrets.ts";
import { MAX_KEY_LENGTH, MAX_SENT_HMAC_KEY_LENGTH } from "../../lib/limits.ts";
import { decodeKey } from "../options/kinds.ts";
import type { ClientSettings } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";

/** Bytes that the old key derivation of `-M legacy` takes. */
const MAX_LEGACY_KEY = 16;

/** Where keys can come from besides the settings. Each gives the bytes or throws. */
export interface KeySources {
  /** Asks on the terminal, or reads the next line of `--stdin`/`--fd`. */
  ask(question: string): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;
  fromFile(path: string, server: string): Promise<Uint8Array<ArrayBuffer>>;
  fromCommand(command: string, label: "KEY_BASE64" | "HMAC_KEY_BASE64"): Promise<Uint8Array<ArrayBuffer>>;
  warn(message: string): void;
}

/** Collects the secrets of a packet. Throws {@link ClientError}; no message contains a key. */
export async function collectKeys(
  settings: ClientSettings,
  mode: RijndaelMode,
  sources: KeySources,
): Promise<RijndaelSecrets> {
  const key = fitEncryptionKey(await encryptionKey(settings, sources), mode, { settings, sources });
  return { cipher: { kind: "rijndael", key, mode }, hmac: await collectHmac(settings, sources, key) };
}

/** The HMAC key, unlike the key beside it; null where the packet carries none. Throws {@link ClientError}. */
export async function collectHmac(
  settings: ClientSettings,
  sources: KeySources,
  beside: Uint8Array | null,
): Promise<HmacKey | null> {
  const hmac = wantsHmac(settings) ? await hmacKey(settings, sources) : null;
  if (hmac === null) return null;
  if (hmac.length > MAX_SENT_HMAC_KEY_LENGTH) {
    throw lengthError("HMAC key", hmac.length, { max: MAX_SENT_HMAC_KEY_LENGTH, settings });
  }
  if (beside !== null && equalConstantTime(beside, hmac)) {
    throw new ClientError(
      "the encryption key and the HMAC key should not be identical, no SPA packet sent",
      "make a new pair with: fwknop --key-gen",
    );
  }
  return { name: settings.hmacDigestType, key: hmac };
}

/** Whether the packet carries an HMAC: a key for it, or `USE_HMAC`. */
export function wantsHmac(settings: ClientSettings): boolean {
  const { hmacKey, hmacKeyBase64, hmacKeyFile, hmacKeyCmd } = settings;
  return settings.useHmac || [hmacKey, hmacKeyBase64, hmacKeyFile, hmacKeyCmd].some((source) => source !== undefined);
}

async function encryptionKey(settings: ClientSettings, sources: KeySources): Promise<Uint8Array<ArrayBuffer>> {
  return await givenKey(settings, sources) ??
    nonEmpty(await sources.ask("Enter encryption key: "), "encryption key");
}

/** The encryption key, or with GnuPG the passphrase, that needs no question; null where there is none. */
export async function givenKey(
  settings: ClientSettings,
  sources: KeySources,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const server = settings.server ?? "";
  if (settings.key !== undefined) return escapedBytes(settings.key);
  if (settings.keyBase64 !== undefined) return fromBase64(settings.keyBase64, "encryption", sources);
  if (settings.keyFile !== undefined) return await sources.fromFile(settings.keyFile, server);
  if (settings.keyCmd !== undefined) return await sources.fromCommand(settings.keyCmd, "KEY_BASE64");
  return null;
}

async function hmacKey(settings: ClientSettings, sources: KeySources): Promise<Uint8Array<ArrayBuffer>> {
  const server = settings.server ?? "";
  if (settings.hmacKey !== undefined) return escapedBytes(settings.hmacKey);
  if (settings.hmacKeyBase64 !== undefined) return fromBase64(settings.hmacKeyBase64, "hmac", sources);
  if (settings.hmacKeyFile !== undefined) return await sources.fromFile(settings.hmacKeyFile, server);
  if (settings.hmacKeyCmd !== undefined) return await sources.fromCommand(settings.hmacKeyCmd, "HMAC_KEY_BASE64");
  return nonEmpty(await sources.ask("Enter HMAC key: "), "HMAC key");
}

function fromBase64(text: string, which: "encryption" | "hmac", sources: KeySources): Uint8Array<ArrayBuffer> {
  if (looksCut(text, GENERATED_KEY_BYTES[which])) {
    sources.warn(
      `The ${
        which === "hmac" ? "HMAC" : "encryption"
      } key looks cut: it ends in the middle of its base64 text, of which ` +
        `${text.length} characters are left; paste the whole key again`,
    );
  }
  return decodeKey(text) ?? new Uint8Array(0);
}

/** A key of 1 to 32 bytes. In legacy mode what the C client cuts off is cut off here too, with a warning. */
function fitEncryptionKey(
  key: Uint8Array<ArrayBuffer>,
  mode: RijndaelMode,
  { settings, sources }: { readonly settings: ClientSettings; readonly sources: KeySources },
) {
  if (key.length > MAX_KEY_LENGTH) throw lengthError("encryption key", key.length, { max: MAX_KEY_LENGTH, settings });
  if (mode !== "legacy" || key.length <= MAX_LEGACY_KEY) return key;
  sources.warn(
    `Encryption key in '-M legacy' mode must be <= ${MAX_LEGACY_KEY} bytes long; only its first ${MAX_LEGACY_KEY} are used`,
  );
  return key.slice(0, MAX_LEGACY_KEY);
}

function nonEmpty(key: Uint8Array<ArrayBuffer>, what: string): Uint8Array<ArrayBuffer> {
  if (key.length > 0) return key;
  throw new ClientError(
    `the ${what} is empty, no SPA packet sent (getpasswd() key error)`,
    "type the key, or name one in the stanza",
  );
}

/** Of a key from a file, a program or a line: those in the settings are as long as the table lets them be. */
function lengthError(
  what: "encryption key" | "HMAC key",
  length: number,
  { max, settings }: { readonly max: number; readonly settings: ClientSettings },
): ClientError {
  const [file, command, name] = what === "HMAC key"
    ? [settings.hmacKeyFile, settings.hmacKeyCmd, "HMAC_KEY_BASE64"]
    : [settings.keyFile, settings.keyCmd, "KEY_BASE64"];
  const hint = file !== undefined
    ? `a key file holds keys as text: one in base64 belongs in ${name} of a stanza`
    : command !== undefined
    ? "if it is in base64, the command must print base64: before it"
    : `what is asked for is text: a key in base64 belongs in ${name} of a stanza`;
  return new ClientError(`Invalid key length: the ${what} has ${length} bytes, must be in [1,${max}]`, hint);
}
