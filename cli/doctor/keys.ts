/** Whether the keys can be obtained, and how strong they are. No key is shown. */
import { FfiError } from "../../ffi/errors.ts";
import { openInherited } from "../../ffi/libc/descriptor.ts";
import { openTerminal } from "../../ffi/libc/terminal.ts";
import type { HmacKey, RijndaelSecret } from "../../lib/crypto/secrets.ts";
import { collectHmac } from "../keys/collect.ts";
import { loadKeys, withSources } from "../knock/knock.ts";
import type { Loaded } from "../settings/load.ts";
import { type ClientKey, type ClientSettings, settingOf } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";

/** AES-128; fewer bytes are padded with zeros. */
const SOUND_KEY = 16;
/** As long as the digest of SHA-256. */
const SOUND_HMAC = 32;
/** A text of letters and digits has about four bits a character at best, mostly less. */
const SOUND_PASSPHRASE = 20;

const MAKE_KEYS = "make new ones with fwknop --key-gen, and change both sides";

/** Thrown in place of a question to the user: `--doctor` asks nothing. */
class Asked extends Error {}

/** Where the keys come from, their strength, and the algorithms; with GnuPG, of the HMAC alone (`gpg.ts`). */
export async function examineKeys(loaded: Loaded, world: World): Promise<readonly Finding[]> {
  const { settings } = loaded;
  const findings = [...exposedKeys(loaded), ...weakAlgorithms(settings)];
  const descriptor = settings.stdin ? 0 : settings.fd;
  try {
    const asking = { ...settings, stdin: false, fd: undefined };
    const asked = { ...world, askSecret: () => Promise.reject(new Asked()) };
    const keys = settings.useGpg
      ? { cipher: null, hmac: await withSources(asking, asked, (sources) => collectHmac(settings, sources, null)) }
      : await loadKeys(asking, asked);
    return [...findings, ...strength(keys, settings)];
  } catch (error) {
    if (error instanceof Asked) {
      return [...findings, descriptor === undefined ? terminalFinding() : readable(descriptor)];
    }
    if (error instanceof ClientError) return [...findings, failure("keys", error.message, error.hint)];
    throw error;
  }
}

function terminalFinding(): Finding {
  using terminal = openTerminal();
  return terminal === null
    ? failure(
      "keys",
      "a key is asked for, and there is no terminal here",
      "put it into the stanza, or use --stdin or --fd",
    )
    : fine("keys", "a key is asked for on the terminal");
}

/** Nothing is read from it: what it holds can be read only once. */
function readable(descriptor: number): Finding {
  try {
    openInherited(descriptor)[Symbol.dispose]();
    return fine("keys", `they are read from descriptor ${descriptor}`);
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return failure("keys", error.message, error.details.hint);
  }
}

function exposedKeys({ origins }: Loaded): readonly Finding[] {
  return (Object.keys(origins) as ClientKey[])
    .filter((key) => settingOf(key).secret === true && origins[key]?.option !== undefined)
    .map((key) =>
      doubt(
        "keys",
        `every user of this machine can see ${origins[key]?.option}`,
        "keep the key in the rc file, or use KEY_CMD",
      )
    );
}

function weakAlgorithms(settings: ClientSettings): readonly Finding[] {
  const { digestType, hmacDigestType, useHmac, useGpg, encryptionMode } = settings;
  const findings: Finding[] = [];
  if (!useHmac) {
    findings.push(
      doubt("keys", "there is no HMAC: the server must decrypt whatever arrives", `add HMAC_KEY_BASE64: ${MAKE_KEYS}`),
    );
  }
  if (!useGpg && (encryptionMode === "legacy" || encryptionMode === "ecb")) {
    findings.push(doubt("keys", `the cipher mode ${encryptionMode} is weak`, "use CBC on both sides"));
  }
  for (const [name, digest] of [["DIGEST_TYPE", digestType], ["HMAC_DIGEST_TYPE", hmacDigestType]] as const) {
    if (digest === "md5" || digest === "sha1") {
      findings.push(doubt("keys", `${name} ${digest} is outdated`, "use SHA256"));
    }
  }
  return findings;
}

/** What is judged: with GnuPG there is no key of ours. */
interface Judged {
  readonly cipher: RijndaelSecret | null;
  readonly hmac: HmacKey | null;
}

function strength({ cipher, hmac }: Judged, settings: ClientSettings): readonly Finding[] {
  const weak: Finding[] = [];
  const passphrase = settings.key !== undefined || settings.keyFile !== undefined;
  if (cipher !== null && cipher.key.length < (passphrase ? SOUND_PASSPHRASE : SOUND_KEY)) {
    weak.push(doubt("keys", `the encryption key has only ${bytes(cipher.key.length)}`, MAKE_KEYS));
  }
  if (hmac !== null && hmac.key.length < SOUND_HMAC) {
    weak.push(doubt("keys", `the HMAC key has only ${bytes(hmac.key.length)}`, MAKE_KEYS));
  }
  const lengths = [
    ...(cipher === null ? [] : [`encryption ${cipher.key.length} bytes`]),
    ...(hmac === null ? [] : [`HMAC ${hmac.key.length} bytes`]),
  ];
  return weak.length > 0 || lengths.length === 0 ? weak : [fine("keys", lengths.join(", "))];
}

function bytes(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
