/** `--qr`: a stanza, or new keys with the options given, as a QR code and as a URI. */
import { isTerminal, windowSize } from "../../ffi/libc/terminal.ts";
import { encodePaddedBase64 } from "../../lib/base64.ts";
import type { GeneratedKeys } from "../../lib/crypto/key_generation.ts";
import { loadKeys } from "../knock/knock.ts";
import { type Loaded, ProblemsError } from "../settings/load.ts";
import { type ClientSettings, settingOf } from "../options/table.ts";
import { ClientError, tellError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { FIELDS, KEY_FIELDS } from "./fields.ts";
import { fitCode, hasSextants } from "./fit.ts";
import { stanzaLines } from "./import.ts";
import { type Enrolment, formatEnrolment, givenOf, isUsableName, parseEnrolment } from "./uri.ts";

const STDOUT = 1;

/**
 * Prints code and URI. `keys` are those that were just made; null takes the stanza's. The result is the exit code: 1 when
 * the code does not fit the window. Throws {@link ClientError}.
 *
 * @tags allow-ffi
 */
export async function showEnrolment(loaded: Loaded, keys: GeneratedKeys | null, world: World): Promise<number> {
  const { settings } = loaded;
  checkPlace(settings);
  const uri = checkEnrolment(loaded, keys ?? await keysOf(settings, world), world);
  if (settings.allowIp?.kind === "address") {
    tellWarning(world, `the address ${settings.allowIp.ip.text} goes with it; another device wants ALLOW_IP resolve`);
  }
  const fitted = fitCode(uri, settings.forceQr ? null : windowSize(STDOUT), { sextants: hasSextants(world.env) });
  if (fitted.ok) world.drawn(fitted.code.lines.join("\n"));
  else tellError(world, fitted.message, fitted.hint);
  world.out(uri);
  return fitted.ok ? 0 : 1;
}

/**
 * The URI for these keys. Throws {@link ClientError} where it may not be shown, and for what the other device would refuse,
 * because it can be corrected here.
 */
export function checkEnrolment(loaded: Loaded, keys: EnrolmentKeys, world: World): string {
  checkPlace(loaded.settings);
  if (loaded.unread.length > 0) throw new ProblemsError(loaded.unread);
  const uri = formatEnrolment(enrolmentOf(loaded, keys));
  const parsed = parseEnrolment(uri);
  if (!parsed.ok) throw new ClientError(`Cannot enrol the settings: ${parsed.fault}`);
  stanzaLines({ what: "URI", given: givenOf(parsed.value) }, world);
  return uri;
}

/** The enrolment of settings and keys. Throws {@link ClientError} when it would be of no use. */
function enrolmentOf({ settings, origins }: Loaded, keys: EnrolmentKeys): Enrolment {
  const name = settings.namedConfig ?? settings.server;
  if (name === undefined || settings.server === undefined) {
    throw new ClientError("--qr needs a server to enrol for", "name a stanza with -n, or the server with -D");
  }
  if (!isUsableName(name)) throw new ClientError(`[${name}] cannot be enrolled under this name`, "choose another -n");
  const fields = new Map<string, string>();
  for (const [field, key] of FIELDS) {
    const value = key === "allowIp" && settings.resolveIp ? { kind: "resolve" } : settings[key];
    const said = key === "allowIp" || origins[key] !== undefined;
    if (said && value !== undefined && value !== false) fields.set(field, settingOf(key).kind.format(value));
  }
  fields.set(KEY_FIELDS.encryption, keys.keyBase64);
  if (keys.hmacKeyBase64 !== null) fields.set(KEY_FIELDS.hmac, keys.hmacKeyBase64);
  return { name, fields };
}

/** Keys in base64; null for none. */
export interface EnrolmentKeys {
  readonly keyBase64: string;
  readonly hmacKeyBase64: string | null;
}

/** The code holds the keys, so it must not end in a file by mistake. */
function checkPlace(settings: ClientSettings): void {
  if (settings.forceQr || isTerminal(STDOUT)) return;
  throw new ClientError(
    "--qr shows keys, and standard output is not a terminal",
    "add --force-qr if they may go there",
  );
}

async function keysOf(settings: ClientSettings, world: World): Promise<EnrolmentKeys> {
  const { cipher, hmac } = await loadKeys(settings, world);
  return {
    keyBase64: encodePaddedBase64(cipher.key),
    hmacKeyBase64: hmac === null ? null : encodePaddedBase64(hmac.key),
  };
}
