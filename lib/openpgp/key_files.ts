/**
 * OpenPGP by a library, with keys in files: where there is no gpg, and no keyring to fill. The library is
 * loaded when the first key is read. The time is a parameter.
 */
import type { Key, PrivateKey, Subkey } from "openpgp";
import { ok, type Result } from "../result.ts";
import { gpgFail, type GpgFailure } from "./failure.ts";
import { type KeyFile, keysIn, unlockKey } from "./file_keys.ts";
import { withOldHeader } from "./framing.ts";
import { formatDay, type KeyUse } from "./key_list.ts";
import type { Decrypted, OpenPgp, PgpKey } from "./openpgp.ts";
import type { KeyKind } from "./size.ts";
import { reason, unseal } from "./unseal.ts";

/** The keys of a stanza. */
export interface KeyFiles {
  readonly recipient: KeyFile;
  readonly signer: KeyFile | null;
  /** Unix seconds. */
  now(): number;
}

const library = () => import("./library.ts");

/** Reads both files. */
export async function openKeyFiles(files: KeyFiles): Promise<Result<OpenPgp, GpgFailure>> {
  const now = () => new Date(files.now() * 1000);
  const recipient = await findKey(files.recipient, "encrypt", now());
  if (!recipient.ok) return recipient;
  const signer = files.signer === null ? ok(null) : await findKey(files.signer, "sign", now());
  if (!signer.ok) return signer;
  const [to, by] = [recipient.value, signer.value];
  return ok({
    recipient: to.facts,
    signer: by === null ? null : by.facts,
    async unlock(passphrase) {
      const unlocked = by === null ? ok(null) : await unlockKey(by.key, by.path, passphrase);
      if (!unlocked.ok) return unlocked;
      return ok((plaintext) => seal(plaintext, { to: to.key, by: unlocked.value, date: now() }));
    },
    decrypt: async (message) => await open(message, { to: to.key, by: by === null ? null : by.key, date: now() }),
  });
}

/** Keys and moment of one message. */
interface Sealing<By> {
  readonly to: Key;
  readonly by: By | null;
  readonly date: Date;
}

async function seal(
  plaintext: Uint8Array,
  { to, by, date }: Sealing<PrivateKey>,
): Promise<Result<Uint8Array, GpgFailure>> {
  const { CONFIG, createMessage, encrypt } = await library();
  try {
    const sealed = await encrypt({
      message: await createMessage({ binary: plaintext, format: "binary", date }),
      encryptionKeys: to,
      ...(by === null ? {} : { signingKeys: by }),
      format: "binary",
      date,
      config: CONFIG,
    }) as Uint8Array;
    const message = withOldHeader(sealed);
    return message === null ? gpgFail("gpg-encrypt", "the message starts with no session key", "use gpg") : ok(message);
  } catch (error) {
    return gpgFail("gpg-encrypt", reason(error), "look at the key files with gpg --show-keys FILE");
  }
}

/** With the file of the recipient, where it holds the secret key. */
async function open(message: Uint8Array, { to, by, date }: Sealing<Key>): Promise<Result<Decrypted, GpgFailure>> {
  if (!to.isPrivate() || !(to as PrivateKey).isDecrypted()) {
    return gpgFail("gpg-decrypt", "the secret key of the recipient is not here", "only the server has it, mostly");
  }
  return await unseal(message, { to: to as PrivateKey, by: by === null ? [] : [by], date });
}

/** A key that can do what it is for. */
interface Found {
  readonly path: string;
  readonly key: Key;
  readonly facts: PgpKey;
}

/** The words for one use. */
const USES = {
  encrypt: { missing: "gpg-recipient-not-found", ambiguous: "gpg-recipient-ambiguous" },
  sign: { missing: "gpg-signer-not-found", ambiguous: "gpg-signer-ambiguous" },
} as const;

const EXPORT = { encrypt: "gpg --armor --export KEY", sign: "gpg --armor --export-secret-keys KEY" } as const;

/** The only key of the file. */
async function findKey(file: KeyFile, use: KeyUse, date: Date): Promise<Result<Found, GpgFailure>> {
  const words = USES[use];
  const { path } = file;
  const keys = await keysIn(file);
  const [key] = keys;
  if (key === undefined) return gpgFail(words.missing, `${path} holds no OpenPGP key`, `make it with ${EXPORT[use]}`);
  if (keys.length > 1) {
    return gpgFail(words.ambiguous, `${path} holds ${keys.length} keys`, `export one alone: ${EXPORT[use]}`);
  }
  if (use === "sign" && !key.isPrivate()) {
    return gpgFail(words.missing, `${path} holds no secret key`, `make it with ${EXPORT.sign}`);
  }
  const problem = await wholeKeyProblem(key, date);
  if (problem !== null) return gpgFail("gpg-encrypt", `the key in ${path} ${problem}`, "get or make a new one");
  const { CONFIG } = await library();
  try {
    const part = use === "encrypt"
      ? await key.getEncryptionKey(undefined, date, undefined, CONFIG)
      : await key.getSigningKey(undefined, date, undefined, CONFIG);
    return ok({ path, key, facts: await describe(key, part, date) });
  } catch (error) {
    return gpgFail("gpg-encrypt", `the key in ${path} cannot ${use}: ${reason(error)}`, "get or make another one");
  }
}

async function wholeKeyProblem(key: Key, date: Date): Promise<string | null> {
  const { CONFIG } = await library();
  if (await key.isRevoked(undefined, undefined, date, CONFIG)) return "is revoked";
  const expires = await key.getExpirationTime(undefined, CONFIG);
  return expires instanceof Date && expires <= date ? `expired on ${formatDay(expires.getTime() / 1000)}` : null;
}

async function describe(key: Key, part: Key | Subkey, date: Date): Promise<PgpKey> {
  const { CONFIG } = await library();
  const { user } = await key.getPrimaryUser(date, undefined, CONFIG);
  const ends = await part.getExpirationTime(undefined, CONFIG);
  return {
    fingerprint: key.getFingerprint().toUpperCase(),
    userId: user.userID?.userID ?? "",
    kind: kindOf(part),
    trusted: null,
    expires: ends instanceof Date ? ends.getTime() / 1000 : null,
  };
}

/** Sizes of curves by the library's names for them. */
const CURVE_BITS: Readonly<Record<string, number>> = {
  nistP256: 256,
  nistP384: 384,
  nistP521: 521,
  secp256k1: 256,
  brainpoolP256r1: 256,
  brainpoolP384r1: 384,
  brainpoolP512r1: 512,
};

function kindOf(part: Key | Subkey): KeyKind {
  const { algorithm, bits, curve } = part.getAlgorithmInfo();
  const name = Object.entries(
    {
      rsa: "rsa",
      elgamal: "elgamal",
      dsa: "dsa",
      ecdh: "ecdh",
      ecdsa: "ecdsa",
      eddsa: "eddsa",
      x25519: "ecdh",
      ed25519: "eddsa",
    } as const,
  ).find(([start]) => algorithm.toLowerCase().startsWith(start))?.[1] ?? "unknown";
  return { algorithm: name, bits: bits ?? (curve === undefined ? 255 : CURVE_BITS[curve] ?? 255) };
}
