/** One stanza tried for a packet, and what is said where it does not open it. Pure. */
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { type Fault, faultText } from "../../lib/faults.ts";
import type { Result } from "../../lib/result.ts";
import { encryptionByLength, ENCRYPTIONS } from "../../lib/wire/envelope.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";
import type { Finding } from "./findings.ts";
import { atStanza, type StanzaMatch } from "./gates.ts";
import { type Refusal, refusal } from "./refusals.ts";
import { remark } from "./remarks.ts";

/** A stanza in a trial, and what opens the packet for it. */
export interface Attempt {
  readonly match: StanzaMatch;
  readonly secrets: Secrets;
}

/**
 * Opens a packet by something that takes longer than a turn of the loop, such as a program. Its HMAC has been checked
 * already where the stanza has a key for one. A rejection counts as a packet that does not open.
 *
 * @param body the packet without the tag of its HMAC
 */
export type SlowOpener = (body: string, stanza: Stanza) => Promise<Result<SpaMessage, Fault>>;

/** As the C daemon prints it: by the length of the whole packet, its tag included. */
export function noSuchCipher(match: StanzaMatch, wire: string): Refusal {
  const type = encryptionByLength(wire.length) ?? "rijndael";
  return refusal("no-such-cipher", { ...atStanza(match), encryption: ENCRYPTIONS[type].id });
}

/** The C daemon decodes such hosts, and looks at them when it makes the rule. */
const NAT_WORDS = " (no port behind one comma, or Invalid Hostname in NAT SPA message)";

/** What is said of a packet that the keys of the stanza do not open. */
export function openingFailed({ match, secrets }: Attempt, wire: string, why: Fault): Finding[] {
  if (secrets.cipher.kind !== "gpg" && encryptionByLength(wire.length) === "gpg") return [noSuchCipher(match, wire)];
  const facts = { ...atStanza(match), reason: faultText(why) + (why.code === "nat-invalid" ? NAT_WORDS : "") };
  if (why.code !== "hmac-mismatch") return [refusal("not-opened", facts)];
  return [remark("opening-failed", facts), refusal("hmac-mismatch", atStanza(match))];
}
