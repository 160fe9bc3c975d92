/** Keys in files: read, and unlocked. */
import type { Key, PrivateKey } from "openpgp";
import { textBytes } from "../bytes.ts";
import { ok, type Result } from "../result.ts";
import { gpgFail, type GpgFailure } from "./failure.ts";

/** A key file, read. */
export interface KeyFile {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const library = () => import("./library.ts");

/** Keys of an armored or binary file; none where it is no such file. */
export async function keysIn({ bytes }: KeyFile): Promise<readonly Key[]> {
  const { CONFIG, readKeys } = await library();
  const armored = textBytes("-----BEGIN").every((byte, index) => bytes[index] === byte);
  try {
    return armored
      ? await readKeys({ armoredKeys: new TextDecoder().decode(bytes), config: CONFIG })
      : await readKeys({ binaryKeys: bytes, config: CONFIG });
  } catch {
    return [];
  }
}

/** The secret key without its passphrase. */
export async function unlockKey(
  key: Key,
  path: string,
  passphrase: Uint8Array | null,
): Promise<Result<PrivateKey, GpgFailure>> {
  const secret = key as PrivateKey;
  if (secret.isDecrypted()) return ok(secret);
  if (passphrase === null || passphrase.length === 0) {
    return gpgFail(
      "gpg-passphrase",
      `the key in ${path} has a passphrase`,
      "no agent knows it: give it with --fd or --stdin",
    );
  }
  const { CONFIG, decryptKey } = await library();
  try {
    return ok(
      await decryptKey({ privateKey: secret, passphrase: new TextDecoder().decode(passphrase), config: CONFIG }),
    );
  } catch {
    return gpgFail(
      "gpg-passphrase",
      `the passphrase of the key in ${path} is wrong`,
      "type it again, or mend the stanza",
    );
  }
}
