/** `-k` and `-K`: new keys on standard output, in a file, or in a stanza (facts/client 10). */
import { writeAtomically } from "../../lib/host/atomic_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { formatKeys, type GeneratedKeys, generateKeys } from "../../lib/crypto/key_generation.ts";
import type { Loaded } from "../settings/load.ts";
import type { ClientSettings } from "../options/table.ts";
import { type SavedKeys, saveStanza } from "../rc/stanza_commands.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** Makes keys, and prints, writes or saves them as the options say. The result is the exit code. Throws {@link ClientError}. */
export async function generate(loaded: Loaded, world: World): Promise<number> {
  const { settings } = loaded;
  const keys = makeKeys(settings, world);
  // Checked before anything is written or shown that would be useless without the code.
  if (settings.qr) await (await import("../enrolment/show.ts")).checkEnrolment(loaded, keys, world);
  const saved = settings.saveRcStanza ? await saveStanza(loaded, { keys, world }) : null;
  const code = reportKeys(keys, loaded, { saved, world });
  // A code for keys that the stanza here does not have would be useless.
  return settings.qr && (saved === null || saved.encryption && saved.hmac)
    ? await (await import("../enrolment/show.ts")).showEnrolment(loaded, keys, world)
    : code;
}

function makeKeys(settings: ClientSettings, world: World): GeneratedKeys {
  const { keyLen, hmacKeyLen, hmacDigestType } = settings;
  return generateKeys({ keyLen, hmacKeyLen, hmacDigest: hmacDigestType }, world.randomBytes);
}

/**
 * Says where the keys are, or prints them. `saved` says which of them a stanza took. The result is the exit code: 1 when the
 * user chose to keep both old keys, so that no new key was stored.
 */
function reportKeys(
  keys: GeneratedKeys,
  loaded: Loaded,
  { saved, world }: { readonly saved: SavedKeys | null; readonly world: World },
): number {
  const { settings, rc } = loaded;
  if (settings.keyGenFile !== undefined) {
    writeKeyFile(settings.keyGenFile, keys);
    world.out(`[+] Wrote Rijndael and HMAC keys to: ${settings.keyGenFile}`);
  } else if (saved !== null) {
    const written = [...(saved.encryption ? ["Rijndael"] : []), ...(saved.hmac ? ["HMAC"] : [])];
    if (written.length === 0) return 1;
    world.out(`[+] Wrote ${written.join(" and ")} key${written.length > 1 ? "s" : ""} to rc file: ${rc?.path ?? ""}`);
  } else {
    world.out(formatKeys(keys));
    hintAtKnock(loaded, world);
  }
  return 0;
}

function writeKeyFile(path: string, keys: GeneratedKeys): void {
  const text = `${formatKeys(keys)}\n`;
  try {
    if (isStream(path)) Deno.writeTextFileSync(path, text, { create: false });
    else writeAtomically(path, text);
  } catch (error) {
    throw new ClientError(`Unable to create key gen file: ${path}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

/** Whether it is a pipe or a device such as /dev/stdout, which is written to and not replaced. */
function isStream(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return !info.isFile && !info.isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Older how-tos write `fwknop -A tcp/22 -a IP -D HOST -k`, which makes keys and forgets the rest; those of the Perl client
 * write `fwknop -A tcp/22 -a IP -k HOST`, where -k named the server.
 */
function hintAtKnock({ given, words }: Loaded, world: World): void {
  const has = (...keys: readonly string[]) => given.some(({ key }) => keys.includes(key));
  if (!has("access", "allowIp")) return;
  const tellHint = (message: string) => world.tell({ level: "hint", message });
  const [word] = words;
  if (has("server")) {
    tellHint("only keys were made; to keep them with the other options add --save-rc-stanza");
  } else if (word !== undefined) {
    tellHint(`only keys were made, and ${word} was passed over; -D ${word} names the server of a knock`);
  }
}
