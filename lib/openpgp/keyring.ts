/**
 * OpenPGP by the gpg program: its keyring, its agent, smart cards. How a program is run is a parameter, so that this stays
 * pure. A passphrase goes in front of what gpg reads on standard input, never among its arguments or into its environment.
 */
import { concat } from "../bytes.ts";
import { ok, type Result } from "../result.ts";
import { gpgFail, type GpgFailure } from "./failure.ts";
import { withOldHeader } from "./framing.ts";
import { isTrusted, type KeyUse, nameOne, parseKeyList, usablePart } from "./key_list.ts";
import type { Decrypted, OpenPgp, PgpKey, PgpOpen, PgpSeal } from "./openpgp.ts";
import { decryptedMessage, decryptionFailure, encryptionFailure, type GpgWords } from "./status.ts";

/** What gpg did. */
export interface GpgRun extends GpgWords {
  /** Exit status. */
  readonly code: number;
  readonly stdout: Uint8Array;
}

/** Runs gpg with the home that is wanted, and tells it where to write its status lines. A failure: it could not be started. */
export type RunGpg = (args: readonly string[], stdin: Uint8Array) => Promise<Result<GpgRun, GpgFailure>>;

/** The keys by name: whatever gpg takes for one. */
export interface KeyNames {
  readonly recipient: string;
  readonly signer: string | null;
}

/** Independent of what gpg.conf says where that would change the packet. */
const SEALING = [
  "--batch",
  "--no-tty",
  "--no-armor",
  "--no-encrypt-to",
  "--no-throw-keyids",
  "--trust-model",
  "always",
];
/** Whatever gpg.conf says: nothing is fetched, and no file gets the name that a message says. */
const OPENING = [
  ...["--batch", "--no-tty", "--max-output", "65536", "--output", "-"],
  ...["--no-auto-key-retrieve", "--disable-dirmngr"],
];
/** With what keys are listed, so that `parseKeyList` can read it. */
export const LISTING = ["--batch", "--no-tty", "--with-colons", "--fixed-list-mode"];
const GIVEN_PASSPHRASE = ["--pinentry-mode", "loopback", "--passphrase-fd", "0"];
const NOTHING = new Uint8Array(0);

/** Finds the keys, each of which must be the only one of its name and able to do what it is for. */
export async function openKeyring(
  run: RunGpg,
  { recipient, signer }: KeyNames,
): Promise<Result<OpenPgp, GpgFailure>> {
  const to = await findKey(run, recipient, "encrypt");
  if (!to.ok) return to;
  const by = signer === null ? ok(null) : await findKey(run, signer, "sign");
  if (!by.ok) return by;
  const keys = { recipient: to.value, signer: by.value };
  return ok({
    ...keys,
    unlock: (passphrase) => Promise.resolve(sealing(run, { ...keys, passphrase })),
    decrypt: async (message) => await decrypt(run, ANYBODY, message),
  });
}

/** Keys, and the passphrase of the one that signs. */
type Sealing = Pick<OpenPgp, "recipient" | "signer"> & { readonly passphrase: Uint8Array | null };

/** Only one line of what gpg reads is the passphrase. */
function sealing(run: RunGpg, keys: Sealing): Result<PgpSeal, GpgFailure> {
  return keys.passphrase?.some((byte) => byte === 0 || byte === 0x0a)
    ? gpgFail(
      "gpg-passphrase",
      "gpg takes no passphrase with a line end in it",
      "change it: gpg --change-passphrase KEY",
    )
    : ok((plaintext) => encrypt(run, keys, plaintext));
}

async function encrypt(
  run: RunGpg,
  { recipient, signer, passphrase }: Sealing,
  plaintext: Uint8Array,
): Promise<Result<Uint8Array, GpgFailure>> {
  const signing = signer === null ? [] : ["--local-user", signer.fingerprint, "--sign"];
  const unlocking = signer !== null && passphrase !== null;
  const ran = await run(
    [
      ...SEALING,
      ...(unlocking ? GIVEN_PASSPHRASE : []),
      ...signing,
      "--recipient",
      recipient.fingerprint,
      "--encrypt",
    ],
    unlocking ? concat(passphrase, LINE_END, plaintext) : plaintext,
  );
  if (!ran.ok) return ran;
  // What is not signed is encrypted all the same: only the exit status tells.
  if (ran.value.code !== 0) return encryptionFailure(ran.value);
  const message = withOldHeader(ran.value.stdout);
  return message === null
    ? gpgFail(
      "gpg-encrypt",
      "what gpg made does not start with a session key",
      "look at gpg.conf for what changes messages",
    )
    : ok(message);
}

const LINE_END = Uint8Array.of(0x0a);

/** How messages are opened. */
interface Opening {
  readonly args: readonly string[];
  /** What stands in front of the message. */
  readonly before: Uint8Array;
}

/** As whoever has sealed it looks at it: whose the keys are is known. */
const ANYBODY: Opening = { args: ["--trust-model", "always"], before: NOTHING };

/**
 * Opens messages for the secret keys of the keyring. Where no passphrase is given, the agent has to know it, or there is
 * none: nobody is asked. As gpg.conf says, signatures are judged by what the owner of the keyring trusts.
 */
export function keyringOpener(run: RunGpg, passphrase: Uint8Array | null): PgpOpen {
  const opening: Opening = passphrase === null
    ? { args: ["--pinentry-mode", "error"], before: NOTHING }
    : { args: GIVEN_PASSPHRASE, before: concat(passphrase, LINE_END) };
  return async (message) => await decrypt(run, opening, message);
}

async function decrypt(
  run: RunGpg,
  { args, before }: Opening,
  message: Uint8Array,
): Promise<Result<Decrypted, GpgFailure>> {
  const ran = await run([...OPENING, ...args, "--decrypt"], concat(before, message));
  if (!ran.ok) return ran;
  const opened = decryptedMessage(ran.value.stdout, ran.value);
  return opened === null ? decryptionFailure(ran.value) : ok(opened);
}

/** The words for one use. */
const USES = {
  encrypt: {
    list: "--list-keys",
    missing: "gpg-recipient-not-found",
    ambiguous: "gpg-recipient-ambiguous",
    unusable: "gpg-encrypt",
    get: "get the server's public key and import it: gpg --import FILE (or name that file itself)",
  },
  sign: {
    list: "--list-secret-keys",
    missing: "gpg-signer-not-found",
    ambiguous: "gpg-signer-ambiguous",
    unusable: "gpg-encrypt",
    get: "gpg --list-secret-keys shows those that can sign, gpg --gen-key makes one",
  },
} as const;

/** The only key of that name. */
async function findKey(run: RunGpg, name: string, use: KeyUse): Promise<Result<PgpKey, GpgFailure>> {
  const words = USES[use];
  const ran = await run([...LISTING, words.list, "--", name], NOTHING);
  if (!ran.ok) return ran;
  const keys = parseKeyList(new TextDecoder().decode(ran.value.stdout));
  const [key] = keys;
  if (key === undefined) return gpgFail(words.missing, `no key fits "${name}"`, words.get);
  if (keys.length > 1) return gpgFail(words.ambiguous, `"${name}" fits ${keys.length} keys`, nameOne(keys));
  const part = usablePart(key, use);
  if (typeof part === "string") {
    return gpgFail(words.unusable, `the key "${name}" (${key.userId}) does not do: ${part}`, words.get);
  }
  const [primary] = key.parts;
  return ok({
    fingerprint: primary.fingerprint,
    userId: key.userId,
    kind: part.kind,
    trusted: isTrusted(key),
    expires: part.expires ?? primary.expires,
  });
}
