/** GnuPG for a knock: which engine, whose keys, and what a rehearsal shows of them. */
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { fault } from "../../lib/faults.ts";
import { formatGpgFailure, gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import { openKeyring } from "../../lib/openpgp/keyring.ts";
import type { OpenPgp, PgpSeal, PgpSignature } from "../../lib/openpgp/openpgp.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { GpgLines } from "../../lib/spa/dump.ts";
import type { PgpDecrypt } from "../../lib/spa/open.ts";
import type { PgpEncrypt } from "../../lib/spa/seal.ts";
import { collectHmac, givenKey, type KeySources } from "../keys/collect.ts";
import type { ClientSettings } from "../options/table.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { isKeyFile, readKeyFile } from "./key_file.ts";
import { gpgProgram } from "./program.ts";

/** GnuPG with the keys of one stanza, as a knock uses it. */
export interface Gpg {
  readonly pgp: OpenPgp;
  /** Throws {@link ClientError}. */
  readonly encrypt: PgpEncrypt;
  /** What a dump shows before the packet is opened. */
  readonly lines: GpgLines;
  /** For opening one packet. */
  opening(): Opening;
}

/** A packet being opened, and what is known of it afterwards. */
export interface Opening {
  readonly decrypt: PgpDecrypt;
  lines(): GpgLines;
  /** Why it did not open. */
  failure(): Pick<GpgFailure, "what" | "remedy"> | undefined;
}

/** Where keys and questions come from. */
interface Surroundings {
  readonly sources: KeySources;
  readonly world: World;
}

/** Finds the keys and asks for what is missing. Throws {@link ClientError}. */
export async function openGpg(
  settings: ClientSettings,
  { sources, world }: Surroundings,
): Promise<{ readonly secrets: Secrets; readonly gpg: Gpg }> {
  const pgp = orThrow(await openEngine(settings, world));
  const passphrase = pgp.signer === null ? null : await signingPassphrase(settings, { sources, world });
  const seal = orThrow(await pgp.unlock(passphrase));
  const hmac = await collectHmac(settings, sources, passphrase === null || passphrase.length === 0 ? null : passphrase);
  return { secrets: { cipher: { kind: "gpg" }, hmac }, gpg: useEngine(pgp, seal, settings) };
}

/** The library where the keys are files, else the program with its keyring. */
export async function openEngine(
  settings: ClientSettings,
  world: World,
): Promise<Result<OpenPgp, GpgFailure>> {
  const { gpgRecipient: recipient = "", gpgSigner: signer } = settings;
  if (isKeyFile(recipient)) return await openFiles({ recipient, signer }, world);
  if (signer !== undefined && isKeyFile(signer)) {
    return mixed(`the signing key is the file ${signer}, the recipient is not one`);
  }
  const run = gpgProgram(settings, world);
  if (!run.ok) return run;
  return await openKeyring(run.value, { recipient, signer: signer ?? null });
}

async function openFiles(
  names: { readonly recipient: string; readonly signer: string | undefined },
  world: World,
): Promise<Result<OpenPgp, GpgFailure>> {
  const { recipient, signer } = names;
  if (signer !== undefined && !isKeyFile(signer)) {
    return mixed(`the recipient is the file ${recipient}, the signing key is not one`);
  }
  const to = readKeyFile(recipient, "encrypt");
  if (!to.ok) return to;
  const by = signer === undefined ? ok(null) : readKeyFile(signer, "sign");
  if (!by.ok) return by;
  const { openKeyFiles } = await import("../../lib/openpgp/key_files.ts");
  return await openKeyFiles({ recipient: to.value, signer: by.value, now: () => world.now() });
}

function mixed(what: string) {
  return gpgFail(
    "gpg-key-not-set",
    what,
    "let both be files (gpg --armor --export-secret-keys KEY) or both keys of the keyring (gpg --import FILE)",
  );
}

/** What the C client takes for the passphrase: a key that is given, else what is typed; null leaves it to the agent. */
async function signingPassphrase(
  settings: ClientSettings,
  { sources, world }: Surroundings,
): Promise<Uint8Array | null> {
  const say = (how: string) => world.out(`[+] GPG mode set: passphrase of the signing key ${how}`);
  if (settings.gpgAgent) {
    say("via gpg-agent");
    return null;
  }
  const given = await givenKey(settings, sources);
  if (given !== null) return given;
  if (settings.gpgNoSigningPw) {
    say("not required");
    return new Uint8Array(0);
  }
  return await sources.ask("Enter passphrase for signing: ");
}

function useEngine(pgp: OpenPgp, seal: PgpSeal, settings: ClientSettings): Gpg {
  const { gpgRecipient = null, gpgSigner = null, gpgHomeDir = null } = settings;
  const exe = gpgRecipient !== null && isKeyFile(gpgRecipient) ? null : settings.gpgExe ?? DEFAULT_EXE;
  const lines = { signer: gpgSigner, recipient: gpgRecipient, home: gpgHomeDir, exe, signature: null };
  return {
    pgp,
    lines,
    encrypt: async (plaintext) => orThrow(await seal(plaintext)),
    opening: () => openingWith(pgp, lines),
  };
}

/** What the C client has built in, and shows. */
const DEFAULT_EXE = "/usr/bin/gpg";

/** As the C library judges by default: there must be a signature, and the first one must be good. */
function openingWith(pgp: OpenPgp, lines: GpgLines): Opening {
  let signature: PgpSignature | null = null;
  let failure: Pick<GpgFailure, "what" | "remedy"> | undefined;
  return {
    decrypt: async (message) => {
      const opened = await pgp.decrypt(message);
      if (!opened.ok) {
        failure = { ...opened.fault, what: `${opened.fault.what} (No access to recipient private key?)` };
        return fail(opened.fault.fault);
      }
      signature = opened.value.signatures[0] ?? null;
      if (signature === null) {
        failure = {
          what: "it is only encrypted",
          remedy: "sign it with --gpg-signer-key: few servers take what is not signed",
        };
        return fail(fault("gpg-signature-missing"));
      }
      if (!signature.good) {
        failure = { what: "gpg does not find it right", remedy: "look at the key: gpg --list-keys" };
        return fail(fault("gpg-signature-bad"));
      }
      return ok(opened.value.plaintext);
    },
    // As in C, which knows no names when it opens.
    lines: () => ({ ...lines, signer: null, recipient: null, signature }),
    failure: () => failure,
  };
}

function orThrow<Value>(result: Result<Value, GpgFailure>): Value {
  if (result.ok) return result.value;
  throw new ClientError(formatGpgFailure(result.fault), result.fault.remedy);
}
