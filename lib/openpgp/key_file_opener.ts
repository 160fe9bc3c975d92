/** Opens messages for a server whose keys are in files. */
import type { Key, PrivateKey } from "openpgp";
import { ok, type Result } from "../result.ts";
import { gpgFail, type GpgFailure } from "./failure.ts";
import { type KeyFile, keysIn, unlockKey } from "./file_keys.ts";
import type { PgpOpen } from "./openpgp.ts";
import { unseal } from "./unseal.ts";

/** The keys of a stanza. */
interface OpenerFiles {
  /** With the secret key. */
  readonly decrypt: KeyFile;
  /** Keys that may have signed; a file may hold several. */
  readonly remote: readonly KeyFile[];
  /** Of the secret key; null: it has none. */
  readonly passphrase: Uint8Array | null;
  /** Unix seconds. */
  now(): number;
}

/** The files are looked at when the first message comes. */
export function keyFileOpener(files: OpenerFiles): PgpOpen {
  let keys: ReturnType<typeof readAll> | null = null;
  return async (message) => {
    keys ??= readAll(files);
    const read = await keys;
    return read.ok ? await unseal(message, { ...read.value, date: new Date(files.now() * 1000) }) : read;
  };
}

async function readAll(
  { decrypt, remote, passphrase }: OpenerFiles,
): Promise<Result<{ readonly to: PrivateKey; readonly by: readonly Key[] }, GpgFailure>> {
  const [key] = await keysIn(decrypt);
  if (key?.isPrivate() !== true) {
    return gpgFail(
      "gpg-decrypt",
      `${decrypt.path} holds no secret key`,
      "make it with gpg --armor --export-secret-keys KEY",
    );
  }
  const to = await unlockKey(key, decrypt.path, passphrase);
  return to.ok ? ok({ to: to.value, by: (await Promise.all(remote.map(keysIn))).flat() }) : to;
}
