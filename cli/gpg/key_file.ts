/** Keys that are named by their files. */
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { KeyFile } from "../../lib/openpgp/file_keys.ts";
import type { KeyUse } from "../../lib/openpgp/key_list.ts";
import { ok, type Result } from "../../lib/result.ts";

/** Whether the name of a key is that of a file: it has a slash, or ends as key files do. Names in a keyring do neither. */
export function isKeyFile(name: string): boolean {
  return /^(?:~|\.{0,2})\//.test(name) || !name.includes("@") && /\/|.\.(?:asc|gpg|pgp|key)$/i.test(name);
}

/** Reads one. */
export function readKeyFile(path: string, use: KeyUse): Result<KeyFile, GpgFailure> {
  const read = readSecureFile(path, { checkOwner: false });
  if (read.ok) return ok({ path, bytes: read.value.bytes });
  return gpgFail(
    use === "encrypt" ? "gpg-recipient-not-found" : "gpg-signer-not-found",
    `${path}: ${read.fault.message}`,
    path.startsWith("~") ? "no shell expands ~ here: write the whole path" : "name a key file that you can read",
  );
}
