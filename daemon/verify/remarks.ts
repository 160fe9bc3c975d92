/** What is worth a line about a packet although nothing is refused by it, in one table like that of the refusals. Pure. */
import type { LogLevel } from "../../lib/log.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { formatReceivedDump, type GpgLines } from "../../lib/spa/dump.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { SeenSystem } from "../fingerprint/system.ts";
import { type AtStanza, shortId, stanzaTag } from "./refusals.ts";

function remarkRow<Facts>(level: LogLevel, sentence: (facts: Facts) => string) {
  return { level, sentence };
}

/** By code. */
export const REMARKS = {
  /** First of all, and once for a packet: the stanza that opened it, or else the first that its addresses match. */
  "source-match": remarkRow(
    "info",
    ({ source, stanza }: AtStanza) =>
      `(stanza #${stanza}) SPA Packet from IP: ${source.text} received with access source match`,
  ),
  /** Behind it comes why, in the words for an HMAC. */
  "opening-failed": remarkRow(
    "debug",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Error creating fko context: ${facts.reason}`,
  ),
  "packet-text": remarkRow("debug", ({ wire }: { readonly wire: string }) => `SPA Packet: '${wire}'`),
  "decoded": remarkRow(
    "debug",
    (facts: AtStanza & { readonly wire: string; readonly message: SpaMessage; readonly opener: Opener }) =>
      `${stanzaTag(facts)} SPA Decode (res=0):\n${
        formatReceivedDump(facts.message, facts.opener.secrets(), { wire: facts.wire, gpg: facts.opener.gpg })
      }`,
  ),
  "signed-by": remarkRow(
    "info",
    (facts: AtStanza & { readonly fingerprint: string }) =>
      `${stanzaTag(facts)} Incoming SPA data signed by '${
        shortId(facts.fingerprint)
      }' (fingerprint '${facts.fingerprint}').`,
  ),
  "nat-resolved": remarkRow(
    "info",
    (facts: AtStanza & { readonly host: string; readonly to: Ip }) =>
      `${stanzaTag(facts)} Resolved NAT IP in SPA message: ${facts.host} is ${facts.to.text}`,
  ),
  /** Only where the stanza asks for a system. */
  "system-seen": remarkRow(
    "info",
    (facts: AtStanza & SeenSystem) =>
      `${stanzaTag(facts)} It may come from ${facts.name}, by a TCP SYN ${facts.age} s ago (a hint, no proof)`,
  ),
  /** Usual behind address translation; but a wrong `-a` lets somebody else in, and only this line shows it. */
  "lets-in-another": remarkRow(
    "info",
    (facts: AtStanza & { readonly access: Ip; readonly sender: Ip }) =>
      `${stanzaTag(facts)} The packet asks to let in ${facts.access.text}, but came from ${facts.sender.text}`,
  ),
};

/** What opened a packet. A function, so that whoever writes facts down as they are writes no key. */
export interface Opener {
  readonly secrets: () => Secrets;
  /** With GnuPG: its part of the dump. */
  readonly gpg?: GpgLines | undefined;
}

/** The stable name of a remark. */
export type RemarkCode = keyof typeof REMARKS;

type FactsOf<Code extends RemarkCode> = Parameters<(typeof REMARKS)[Code]["sentence"]>[0];

/** A remark and the facts about this packet. */
export type Remark<Code extends RemarkCode = RemarkCode> = {
  [Each in Code]: { readonly code: Each; readonly facts: FactsOf<Each> };
}[Code];

/** One remark. */
export function remark<Code extends RemarkCode>(code: Code, facts: FactsOf<Code>): Remark<Code> {
  return { code, facts } as Remark<Code>;
}
