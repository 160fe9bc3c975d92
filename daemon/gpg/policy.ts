/** What a stanza says of packets for GnuPG, as values. */
import type { RunGpg } from "../../lib/openpgp/keyring.ts";
import type { KeyFile } from "../../lib/openpgp/file_keys.ts";

/** How packets for GnuPG are opened, and whose signature they need. */
export interface GpgPolicy {
  readonly engine: GpgEngine;
  /**
   * Ids of the keys that packets may be for, 16 digits in capitals: those of the key that decrypts and its subkeys. Null:
   * not known, and then gpg is asked about every packet.
   */
  readonly recipients: readonly string[] | null;
  /** GPG_DECRYPT_PW; null: the key that decrypts has none (GPG_ALLOW_NO_PW). */
  readonly passphrase: Uint8Array | null;
  /** Who may sign; null: nobody has to (GPG_DISABLE_SIG). */
  readonly signers: GpgSigners | null;
}

/** What decrypts: the gpg program with its keyring, or a library with keys in files. */
export type GpgEngine = GpgKeyring | GpgKeyFiles;

/** GPG_HOME_DIR, GPG_EXE and GPG_DECRYPT_ID. */
export interface GpgKeyring {
  readonly kind: "keyring";
  readonly exe: string;
  readonly home: string;
  /** Name, id or fingerprint of the key that decrypts; null: any secret key of the keyring. */
  readonly decryptId: string | null;
}

/** GPG_DECRYPT_KEY_FILE and GPG_REMOTE_KEY_FILE. */
export interface GpgKeyFiles {
  readonly kind: "files";
  readonly decrypt: KeyFile;
  /** Keys that may sign; each file holds one or more. */
  readonly remote: readonly KeyFile[];
}

/** Keys that may sign packets. Where both lists are given a signer has to be in both, as in C. */
export interface GpgSigners {
  /** GPG_FINGERPRINT_ID as full fingerprints in capitals; null: not given. */
  readonly fingerprints: readonly string[] | null;
  /** GPG_REMOTE_ID as the full fingerprints of the keys that it names, in capitals; null: not given. */
  readonly ids: readonly string[] | null;
  /** GPG_IGNORE_SIG_VERIFY_ERROR: a signature that is not good counts, if it is by one of these keys. */
  readonly ignoreErrors: boolean;
}

/** What runs the gpg of a stanza with its home. */
export type GpgRunner = (place: Pick<GpgKeyring, "exe" | "home">) => RunGpg;
