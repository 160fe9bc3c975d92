/** Kinds of values of the GPG variables of a stanza. Pure. */
import { escapedBytes } from "../../lib/bytes.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { list } from "../../lib/settings/kinds.ts";
import type { Kind } from "../../lib/settings/setting.ts";

/** Bytes of a passphrase that gpg takes. */
const MAX_PASSPHRASE = 255;

/** GPG_DECRYPT_PW: the bytes of the text. */
export const gpgPassphrase: Kind<Uint8Array> = {
  valueName: "PASSPHRASE",
  expects: `a passphrase of 1 to ${MAX_PASSPHRASE} bytes`,
  takesBytes: true,
  mayHoldHash: true,
  parse(text) {
    if (/^__CHANGEME__/i.test(text)) {
      return fail("value is not properly set: replace __CHANGEME__ with the passphrase of the key that decrypts");
    }
    const bytes = escapedBytes(text);
    if (bytes.length === 0) return fail("the passphrase is empty");
    return bytes.length <= MAX_PASSPHRASE
      ? ok(bytes)
      : fail(`the passphrase has ${bytes.length} bytes, at most ${MAX_PASSPHRASE} are allowed`);
  },
  remedy: (text) =>
    text === "" ? "a key without a passphrase is told by GPG_ALLOW_NO_PW Y, without GPG_DECRYPT_PW" : undefined,
  format: () => "<see the access.conf file>",
};

const HOW_TO_LIST = "gpg --list-keys --with-subkey-fingerprint shows fingerprints";

/** Digits of a key as people and programs write them: with 0x, small letters, blanks and colons between groups. */
function keyDigits(text: string, lengths: readonly number[]): Result<string, string> {
  const digits = text.trim().replace(/^0x/i, "").replace(/[ \t:]/g, "").toUpperCase();
  return /^[0-9A-F]+$/.test(digits) && lengths.includes(digits.length)
    ? ok(digits)
    : fail(`expected ${lengths.join(", ").replace(/, ([0-9]+)$/, " or $1")} hexadecimal digits`);
}

function keyList(valueName: string, lengths: readonly number[]): Kind<readonly string[]> {
  return {
    ...list({
      valueName,
      expects: `${lengths.join(" or ")} hexadecimal digits`,
      parse: (text) => keyDigits(text, lengths),
      format: (value) => value,
    }),
    remedy: () => HOW_TO_LIST,
  };
}

/** GPG_REMOTE_ID: ends of fingerprints, in capitals. */
export const keyIds = keyList("ID", [8, 16, 40]);

/** GPG_FINGERPRINT_ID: whole fingerprints, in capitals. */
export const fingerprints = keyList("FINGERPRINT", [40, 64]);
