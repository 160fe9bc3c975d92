/** One stanza tried for a packet, and what is said where it does not open it. Pure. */
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { type Fault, type FaultCode, faultText } from "../../lib/faults.ts";
import type { Result } from "../../lib/result.ts";
import type { GpgLines } from "../../lib/spa/dump.ts";
import { encryptionByLength, ENCRYPTIONS } from "../../lib/wire/envelope.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Finding } from "./findings.ts";
import { atStanza, type StanzaMatch } from "./gates.ts";
import { type Refusal, refusal } from "./refusals.ts";
import { remark } from "./remarks.ts";

/** A stanza in a trial, and what opens the packet for it. */
export interface Attempt {
  readonly match: StanzaMatch;
  readonly secrets: Secrets;
}

/** What was in a packet. */
export interface Opened {
  readonly message: SpaMessage;
  /** With GnuPG: its part of a dump, and who signed. */
  readonly gpg?: { readonly lines: GpgLines; readonly signer: string | null };
}

/**
 * Opens a packet by something that takes longer than a turn of the loop, such as a program; or says why it does not. Its HMAC
 * has been checked already where the stanza has a key for one. A rejection counts as a packet that does not open.
 *
 * @param body the packet without the tag of its HMAC
 */
export type SlowOpener = (body: string, match: StanzaMatch) => Promise<Result<Opened, readonly Finding[]>>;

/** As the C daemon prints it: by the length of the whole packet, its tag included. */
export function noSuchCipher(match: StanzaMatch, wire: string): Refusal {
  const type = encryptionByLength(wire.length) ?? "rijndael";
  return refusal("no-such-cipher", { ...atStanza(match), encryption: ENCRYPTIONS[type].id });
}

/** The C daemon decodes such hosts, and looks at them when it makes the rule. */
const NAT_WORDS = " (no port behind one comma, or Invalid Hostname in NAT SPA message)";

/** What is said of a packet that the keys of the stanza do not open. */
export function openingFailed({ match, secrets }: Attempt, wire: string, why: Fault): readonly Finding[] {
  if (secrets.cipher.kind !== "gpg" && encryptionByLength(wire.length) === "gpg") return [noSuchCipher(match, wire)];
  if (why.code !== "hmac-mismatch") return [notOpened(match, why)];
  const at = atStanza(match);
  return [remark("opening-failed", { ...at, reason: faultText(why) }), refusal("hmac-mismatch", at)];
}

/** What is said of one for GnuPG: its own words come behind those of the fault. */
export function notOpened(match: StanzaMatch, why: Fault, gpg?: string): Refusal {
  const more = gpg !== undefined ? ` - GPG ERROR: ${gpg}` : why.code === "nat-invalid" ? NAT_WORDS : "";
  const code = NOT_READY.has(why.code) ? "gpg-not-ready" : "not-opened";
  return refusal(code, { ...atStanza(match), reason: faultText(why) + more });
}

/** What is wrong before any packet comes. */
const NOT_READY: ReadonlySet<FaultCode> = new Set<FaultCode>(["gpg-executable", "gpg-home-bad"]);

/** What is told of a packet that was opened. */
export function toldOfOpened(
  { match, secrets }: Attempt,
  wire: string,
  { message, gpg }: Opened,
): readonly Finding[] {
  const at = atStanza(match);
  const signer = gpg?.signer ?? null;
  return [
    remark("packet-text", { wire }),
    remark("decoded", { ...at, wire, message, opener: { secrets: () => secrets, gpg: gpg?.lines } }),
    ...(signer === null ? [] : [remark("signed-by", { ...at, fingerprint: signer })]),
  ];
}
