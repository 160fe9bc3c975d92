/** What a new configuration gives up of who may sign packets for GnuPG. Pure. */
import type { GpgPolicy } from "../gpg/policy.ts";
import { type Comparison, row } from "./comparison.ts";
import type { Stanza } from "./stanza.ts";

/** Who may sign: where there are two lists, those of both. A subkey on one and its key on the other count by the first list. */
function signersOf(gpg: GpgPolicy | null): readonly string[] | null {
  if (!gpg?.signers) return null;
  const { fingerprints, ids } = gpg.signers;
  const both = fingerprints?.filter((one) => ids === null || ids.includes(one)) ?? ids ?? [];
  return both.length > 0 ? both : fingerprints;
}

/** One row for each thing that can be given up. */
export const GPG_ROWS: readonly Comparison<Stanza>[] = [
  row({
    name: "GPG_DISABLE_SIG",
    key: "gpgDisableSignature",
    value: ({ gpg }) => gpg,
    isLoss: (was, is) => was !== null && is !== null && was.signers !== null && is.signers === null,
    show: (gpg) => gpg !== null && gpg.signers === null ? "Y" : "N",
  }),
  row({
    name: "GPG_IGNORE_SIG_VERIFY_ERROR",
    key: "gpgIgnoreSignatureError",
    value: ({ gpg }) => gpg?.signers?.ignoreErrors ?? false,
    isLoss: (was, is) => is && !was,
    show: (value) => value ? "Y" : "N",
  }),
  row({
    name: "what packets are encrypted with",
    key: "gpgDecryptPassword",
    value: ({ gpg }) => gpg !== null,
    isLoss: (was, is) => is && !was,
    show: (value) => value ? "a key, or a key pair of GnuPG" : "a key",
  }),
  row({
    name: "who may sign packets",
    key: "gpgFingerprints",
    value: ({ gpg }) => signersOf(gpg),
    isLoss: (was, is) => was !== null && is !== null && is.some((one) => !was.includes(one)),
    show: (signers) => signers?.join(",") ?? "anybody",
  }),
];
