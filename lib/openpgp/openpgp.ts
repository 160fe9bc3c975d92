/**
 * What is asked of OpenPGP, by whoever seals a packet and whoever opens one. Two engines do it: the gpg program with its
 * keyring (`keyring.ts`), and a library with key files (`key_files.ts`).
 */
import type { Result } from "../result.ts";
import type { GpgFailure } from "./failure.ts";
import type { KeyKind } from "./size.ts";

/** An engine with the keys of one stanza. */
export interface OpenPgp {
  readonly recipient: PgpKey;
  /** Null: what is sealed is not signed. */
  readonly signer: PgpKey | null;
  /** What seals messages. The passphrase is that of the signer; null: its agent asks, where there is one. */
  unlock(passphrase: Uint8Array | null): Promise<Result<PgpSeal, GpgFailure>>;
  readonly decrypt: PgpOpen;
}

/** Signs, where there is a signer, and encrypts. The message starts as C servers restore it (`framing.ts`). */
export type PgpSeal = (plaintext: Uint8Array) => Promise<Result<Uint8Array, GpgFailure>>;

/** A key that was found and can do what it is for. */
export interface PgpKey {
  /** Of its primary key, in capitals. */
  readonly fingerprint: string;
  /** The first of its names. */
  readonly userId: string;
  /** Algorithm and size of the part that encrypts or signs. */
  readonly kind: KeyKind;
  /** Somebody whom the owner of the keyring trusts says that it is whose name it bears; null where nobody is asked. */
  readonly trusted: boolean | null;
  /** Unix seconds when the part that is used expires, or null. */
  readonly expires: number | null;
}

/** Decrypts, and says who signed. */
export type PgpOpen = (message: Uint8Array) => Promise<Result<Decrypted, GpgFailure>>;

/** What was in a message. */
export interface Decrypted {
  readonly plaintext: Uint8Array;
  /** Those over this message, in their order. */
  readonly signatures: readonly PgpSignature[];
  /** What the plaintext was wrapped in: one, unless somebody has made something strange. */
  readonly literals: readonly PgpLiteral[];
  /** How often something was encrypted: once, unless somebody has made something strange. */
  readonly encryptions: number;
}

/** What a message says of its text. */
export interface PgpLiteral {
  /** `b` for bytes; others are text, whose line ends may be changed. */
  readonly format: string;
  /** Of the file that it was. */
  readonly name: string;
}

/** One signature. */
export interface PgpSignature {
  /** Of the key that made it, which may be a subkey; empty where it is not known. */
  readonly fingerprint: string;
  /** Of the primary key of that one. */
  readonly primary: string;
  /** It is right, and made by a key that is neither expired nor revoked. */
  readonly good: boolean;
  /** It is right, whatever became of the key. */
  readonly right: boolean;
  /** The owner of the keyring knows, at least by somebody who is trusted a little, whose key it is; null where nobody is asked. */
  readonly trusted: boolean | null;
}
