/**
 * The field dump of `fwknop -v`, `-T` and `fwknopd -v`, whose labels and layout scripts read (facts/client 12). Pure.
 */
import { DIGESTS, MODES } from "../crypto/digest.ts";
import type { DigestName } from "../crypto/engine.ts";
import type { Secrets } from "../crypto/secrets.ts";
import { showable } from "../showable.ts";
import { ENCRYPTIONS, splitTag } from "../wire/envelope.ts";
import { MESSAGE_TYPES } from "../wire/fields.ts";
import type { SpaFields, SpaMessage } from "../wire/message.ts";

/** Everything a dump shows. */
export interface DumpSubject {
  readonly fields: SpaFields;
  readonly digestName: DigestName;
  /** Only their names are shown. */
  readonly secrets: Secrets;
  /** The colon text without its digest. */
  readonly encoded: string;
  readonly digest: string;
  /** b64n of the tag, or null. */
  readonly hmac: string | null;
  readonly final: string;
  /** With GnuPG: its own lines. */
  readonly gpg?: GpgLines | undefined;
}

/** What a dump says of GnuPG; null where nothing is known. */
export interface GpgLines {
  readonly signer: string | null;
  readonly recipient: string | null;
  readonly home: string | null;
  readonly exe: string | null;
  /** Null before the packet was opened. */
  readonly signature: { readonly fingerprint: string; readonly good: boolean } | null;
  /** Whether signatures are looked at (GPG_DISABLE_SIG). Default: yes. */
  readonly verify?: boolean;
  /** Whether those count that are not good (GPG_IGNORE_SIG_VERIFY_ERROR). Default: no. */
  readonly ignoreErrors?: boolean;
}

const LABEL_WIDTH = 15;

/** The whole dump: heading, one line an item, and an empty line at the end (so it ends with two line ends). */
export function formatDump(subject: DumpSubject): string {
  const { fields, secrets: { cipher, hmac } } = subject;
  const digest = DIGESTS[subject.digestName];
  const encryption = ENCRYPTIONS[cipher.kind];
  const mode = MODES[cipher.kind === "rijndael" ? cipher.mode : "asymmetric"];
  const rows: [string, string | number | null][] = [
    ["Random Value", fields.random],
    ["Username", fields.username],
    ["Timestamp", fields.timestamp],
    ["FKO Version", fields.version],
    ["Message Type", `${fields.type} (${MESSAGE_TYPES[fields.type].printed})`],
    ["Message String", fields.message],
    ["Nat Access", fields.natAccess],
    ["Server Auth", fields.serverAuth],
    ["Client Timeout", fields.clientTimeout],
    ["Digest Type", `${digest.id} (${digest.printed})`],
    ["HMAC Type", hmac === null ? "0 (None)" : `${DIGESTS[hmac.name].id} (${DIGESTS[hmac.name].printed})`],
    ["Encryption Type", `${encryption.id} (${encryption.printed})`],
    ["Encryption Mode", `${mode.id} (${mode.printed})`],
    ...(subject.gpg === undefined ? [] : gpgRows(subject.gpg)),
    ["Encoded Data", subject.encoded],
    ["SPA Data Digest", subject.digest],
    ["HMAC", subject.hmac],
    ["Final SPA Data", subject.final],
  ];
  const lines = rows.map(([label, value]) => `${label.padStart(LABEL_WIDTH)}: ${value ?? "<NULL>"}`);
  return ["SPA Field Values:", "=".repeat(17), ...lines, "", ""].join("\n");
}

/** Sums of flags as gpgme gives them: 3 for a signature that is good, 4 for one that is not; 0 is no error. */
function gpgRows(lines: GpgLines): [string, string | number | null][] {
  const { signer, recipient, home, exe, signature, verify = true, ignoreErrors = false } = lines;
  const shown = (text: string | null) => text === null ? null : showable(text);
  return [
    ["GPG signer", shown(signer)],
    ["GPG recipient", shown(recipient)],
    ["GPG sig verify", verify ? "Yes" : "No"],
    ["GPG ignore sig", ignoreErrors ? "Yes" : "No"],
    ["GPG sig ID", signature === null ? null : signature.fingerprint.slice(-8)],
    ["GPG sig fpr", signature === null ? null : signature.fingerprint],
    ["GPG sig summary", signature === null ? -1 : signature.good ? 3 : 4],
    ["GPG sig status", signature === null ? -1 : signature.good ? 0 : 1],
    ["GPG home dir", shown(home)],
    ["GPG exe", shown(exe)],
  ];
}

/**
 * The dump of a received packet. As in the C programs its final data has lost the tag. What its sender chose freely cannot
 * forge lines of the log or move the cursor of who reads it: what cannot be seen is shown as `\x1b`.
 */
export function formatReceivedDump(
  message: SpaMessage,
  secrets: Secrets,
  { wire, gpg }: { readonly wire: string; readonly gpg?: GpgLines | undefined },
): string {
  const { body, tag } = splitTag(wire, secrets.hmac) ?? { body: wire, tag: "" };
  return formatDump({
    fields: {
      ...message,
      message: showable(message.message),
      serverAuth: message.serverAuth && showable(message.serverAuth),
    },
    digestName: message.digestName,
    secrets,
    encoded: message.encoded,
    digest: message.digest,
    hmac: secrets.hmac === null ? null : tag,
    final: body,
    gpg,
  });
}
