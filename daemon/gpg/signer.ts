/**
 * Which signature counts. A packet of a client is one text, encrypted once, with one signature over it. Whatever else
 * somebody can put into an OpenPGP message is refused, so that nothing is said of one text because of another. Pure.
 */
import type { FaultCode } from "../../lib/faults.ts";
import { gpgFail, type GpgFailure } from "../../lib/openpgp/failure.ts";
import type { Decrypted, PgpSignature } from "../../lib/openpgp/openpgp.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { GpgEngine, GpgPolicy, GpgSigners } from "./policy.ts";

/** A key that signed, and is not in the list of that name. */
export interface Unlisted {
  readonly list: "GPG_FINGERPRINT_ID" | "GPG_REMOTE_ID";
  readonly signer: PgpSignature;
}

/** Why a message is not taken. */
export type Unwelcome = { readonly failure: GpgFailure } | { readonly unlisted: Unlisted };

/** The signature that counts; null where none has to. */
export function judge(
  decrypted: Decrypted,
  policy: Pick<GpgPolicy, "engine" | "signers">,
): Result<PgpSignature | null, Unwelcome> {
  const { signatures: [signature, ...more], encryptions, literals: [literal, ...others] } = decrypted;
  if (encryptions !== 1) return strange("it is encrypted more than once");
  if (literal === undefined || others.length > 0) return strange("it does not hold one text");
  if (literal.format !== "b" || literal.name !== "") return strange("it says that it is a file, or text");
  if (more.length > 0) return strange("it has more than one signature");
  const { engine, signers } = policy;
  if (signers === null) return ok(null);
  if (signature === undefined) {
    return refuse("gpg-signature-missing", "it is only encrypted", "sign it, or GPG_DISABLE_SIG Y in the stanza");
  }
  return judgeSignature(signature, signers, engine);
}

/** GPG_IGNORE_SIG_VERIFY_ERROR leaves what cannot be done without: that a key of the list has signed this text. */
function judgeSignature(
  signature: PgpSignature,
  { fingerprints, ids, ignoreErrors }: GpgSigners,
  { kind }: Pick<GpgEngine, "kind">,
): Result<PgpSignature, Unwelcome> {
  const { fingerprint, good, right, trusted } = signature;
  const key = fingerprint === "" ? "a key" : `the key ${fingerprint}`;
  if (!right) {
    const what = fingerprint === ""
      ? "it is not right, or by a key that is not known here"
      : `${key}, which has signed, is not known here`;
    return refuse("gpg-signature-bad", what, "import the public key of the client");
  }
  if (!good && !ignoreErrors) {
    return refuse("gpg-signature-bad", `${key} has expired or is revoked`, "get the client's new key");
  }
  if (kind === "keyring" && trusted !== true && !ignoreErrors) {
    return refuse(
      "gpg-signature-bad",
      `nobody says whose key ${fingerprint} is`,
      `gpg --quick-lsign-key ${fingerprint} in that home`,
    );
  }
  for (const [list, listed] of [["GPG_FINGERPRINT_ID", fingerprints], ["GPG_REMOTE_ID", ids]] as const) {
    if (listed !== null && !isListed(signature, listed)) return fail({ unlisted: { list, signer: signature } });
  }
  // Files hold nothing but keys that may sign. Of a keyring everybody could: no configuration says so.
  return fingerprints === null && ids === null && kind === "keyring"
    ? fail({ unlisted: { list: "GPG_FINGERPRINT_ID", signer: signature } })
    : ok(signature);
}

/** Who lists a key means its subkeys too. */
function isListed({ fingerprint, primary }: PgpSignature, listed: readonly string[]): boolean {
  return listed.some((one) => one !== "" && (one === fingerprint || one === primary));
}

function strange(what: string) {
  return refuse("gpg-decrypt", `the message is not as clients make it: ${what}`, "send it with fwknop");
}

function refuse(code: FaultCode, what: string, remedy: string): Result<never, Unwelcome> {
  return fail({ failure: gpgFail(code, what, remedy).fault });
}
