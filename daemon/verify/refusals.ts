/**
 * Every reason for which nothing opens, in one table: a stable code, the number that the C daemon has for it, how grave it
 * is, whether a key of ours made the packet, and its sentence. Gates and opening answer with a code and facts; what is
 * written of it, a line of the log for instance, is a fold over this table (`report/log_lines.ts`). Pure.
 */
import type { LogLevel } from "../../lib/log.ts";
import type { Ip } from "../../lib/net/address.ts";
import type { Datagram } from "../packet/datagram.ts";
import { SYN_SECONDS } from "../fingerprint/memory.ts";
import type { SeenSystem } from "../fingerprint/system.ts";
import type { FirstSight } from "../replay/store.ts";

/** What is known of every packet. */
export interface Sender {
  readonly source: Ip;
}

/** A stanza that was tried for a packet. */
export interface AtStanza extends Sender {
  /** Its number. */
  readonly stanza: number;
}

/** `[203.0.113.7] (stanza #2)`, the tag that scripts look for. */
export function stanzaTag({ source, stanza }: AtStanza): string {
  return `[${source.text}] (stanza #${stanza})`;
}

/** The last eight digits, by which the C daemon names keys. */
export function shortId(fingerprint: string): string {
  return fingerprint.slice(-8);
}

/** A row of {@link REFUSALS}. */
interface RefusalRow<Facts> {
  /** In the table of `--dump-serv-err-codes`; null where the C daemon has none. */
  readonly number: number | null;
  readonly level: LogLevel;
  /** Whether a key of ours made the packet: what key holders are told has a budget of its own. */
  readonly authentic: boolean;
  readonly sentence: (facts: Facts) => string;
}

/** A packet that anybody could have sent. */
function stranger<Facts>(
  number: number | null,
  level: LogLevel,
  sentence: (facts: Facts) => string,
): RefusalRow<Facts> {
  return { number, level, authentic: false, sentence };
}

/** A packet that a key of ours made, and that was never seen before. */
function keyHolder<Facts>(
  number: number | null,
  level: LogLevel,
  sentence: (facts: Facts) => string,
): RefusalRow<Facts> {
  return { number, level, authentic: true, sentence };
}

/** By code. Codes never change their meaning. */
export const REFUSALS = {
  "not-a-message": stranger(4096, "debug", (facts: Sender) => preprocessError(4096, facts)),
  "not-spa-data": stranger(4098, "debug", (facts: Sender) => preprocessError(4098, facts)),
  "proxy-header": stranger(
    4096,
    "warning",
    ({ source, reason }: Sender & { readonly reason: string }) => `${reason}: refused a packet from ${source.text}`,
  ),
  "unknown-source": stranger(
    4105,
    "warning",
    ({ source }: Sender) => `No access data found for source IP: ${source.text}`,
  ),
  "captured-twice": stranger(
    4103,
    "debug",
    (facts: SeenBefore) => `${replayWarning(facts)} (one packet, captured twice)`,
  ),
  "replay": stranger(4103, "warning", (facts: SeenBefore) => replayWarning(facts)),
  "replay-elsewhere": stranger(
    4103,
    "warning",
    ({ source }: Sender) => `Replay detected from source IP: ${source.text}, another daemon has admitted the packet`,
  ),
  "other-addresses": stranger(
    4105,
    "debug",
    ({ stanza, source, destination }: AtStanza & { readonly destination: Ip | null }) =>
      `(stanza #${stanza}) SPA packet (${source.text} -> ${
        destination?.text ?? "?"
      }) filtered by SOURCE and/or DESTINATION criteria`,
  ),
  "stanza-expired": stranger(4105, "info", (facts: AtStanza) => `${stanzaTag(facts)} Access stanza has expired`),
  "no-such-cipher": stranger(
    4107,
    "error",
    (facts: AtStanza & { readonly encryption: number }) =>
      `${stanzaTag(facts)} No stanza encryption mode match for encryption type: ${facts.encryption}.`,
  ),
  "not-named": stranger(
    null,
    "info",
    (facts: AtStanza) =>
      `${stanzaTag(facts)} The salt of the packet does not name this stanza, which has REQUIRE_KEY_HINT`,
  ),
  "hmac-mismatch": stranger(
    4109,
    "info",
    (facts: AtStanza) => `${stanzaTag(facts)} Non-corresponding HMAC for this stanza`,
  ),
  "not-opened": stranger(
    4109,
    "warning",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Error creating fko context: ${facts.reason}`,
  ),
  "gpg-not-ready": stranger(
    4109,
    "warning",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Error creating fko context (before decryption): ${facts.reason}`,
  ),
  "gpg-busy": stranger(
    4109,
    "warning",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Too many packets for GnuPG, this one is not opened: ${facts.reason}`,
  ),
  "fingerprint-not-listed": stranger(
    4109,
    "warning",
    (facts: AtStanza & { readonly fingerprint: string }) =>
      `${stanzaTag(facts)} Incoming SPA packet signed by: ${facts.fingerprint}, but that fingerprint is not in the ` +
      "GPG_FINGERPRINT_ID list.",
  ),
  "signer-id-not-listed": stranger(
    4109,
    "warning",
    (facts: AtStanza & { readonly fingerprint: string }) =>
      `${stanzaTag(facts)} Incoming SPA packet signed by ID: ${
        shortId(facts.fingerprint)
      }, but that ID is not in the ` +
      "GPG_REMOTE_ID list.",
  ),
  "too-many-pending": stranger(
    4109,
    "warning",
    ({ source }: Sender) => `Too many packets wait to be opened: refused the oldest, from ${source.text}`,
  ),
  "not-tried": stranger(
    null,
    "warning",
    ({ source }: Sender) =>
      `[${source.text}] More packets come than the keys can be tried for (MAX_STRANGER_CPU): this one is dropped`,
  ),
  // Whoever saw it can send it again and again: it is not recorded, and so nobody's in particular.
  "too-old": stranger(4104, "warning", (facts: AtStanza & Difference) => timeDifference(facts)),
  "dated-ahead": keyHolder(4104, "warning", (facts: AtStanza & Difference) => timeDifference(facts)),
  "may-be-forgotten": keyHolder(
    4103,
    "warning",
    (facts: AtStanza & { readonly forgottenUntil: number }) =>
      `${stanzaTag(facts)} Replay possible: packets dated up to ${
        new Date(facts.forgottenUntil * 1000).toISOString()
      } may have been seen before and forgotten.`,
  ),
  "no-source-address": keyHolder(
    4105,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} Got 0.0.0.0 when valid source IP was required.`,
  ),
  "other-user": keyHolder(
    4105,
    "warning",
    (facts: AtStanza & { readonly username: string; readonly required: string }) =>
      `${
        stanzaTag(facts)
      } Username in SPA data (${facts.username}) does not match required username: ${facts.required}`,
  ),
  "other-system": keyHolder(
    4105,
    "warning",
    (facts: AtStanza & { readonly required: RegExp; readonly seen: readonly SeenSystem[] }) =>
      `${stanzaTag(facts)} REQUIRE_OS ${facts.required}: ${systemsText(facts.seen)}`,
  ),
  "nat-not-enabled": keyHolder(
    4108,
    "warning",
    ({ stanza, source }: AtStanza) =>
      `(stanza #${stanza}) SPA packet from ${source.text} requested NAT access, but is not enabled/supported`,
  ),
  "nat-name-disabled": keyHolder(
    4107,
    "warning",
    (facts: AtStanza & { readonly host: string }) =>
      `${stanzaTag(facts)} Received Hostname in NAT SPA message, but hostname is disabled. (${facts.host})`,
  ),
  "nat-name-unknown": keyHolder(
    4109,
    "warning",
    (facts: AtStanza & { readonly host: string; readonly reason: string }) =>
      `${stanzaTag(facts)} Unable to resolve Hostname in NAT SPA message: ${facts.host}: ${facts.reason}`,
  ),
  "nat-target-denied": keyHolder(
    4105,
    "warning",
    (facts: AtStanza & { readonly to: Ip; readonly port: number }) =>
      `${stanzaTag(facts)} NAT_ALLOW does not let a request lead to ${facts.to.text} port ${facts.port}.`,
  ),
  "command-not-allowed": keyHolder(
    4107,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} SPA Command messages are not allowed in the current configuration.`,
  ),
  "cycle-not-built": keyHolder(
    4106,
    "warning",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Could not build CMD_CYCLE_OPEN command. ${facts.reason}.`,
  ),
  "command-not-run": keyHolder(
    4106,
    "error",
    (facts: AtStanza & { readonly reason: string }) => `${stanzaTag(facts)} No command is run: ${facts.reason}`,
  ),
  "service-denied": keyHolder(
    4105,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} One or more requested protocol/ports was denied per access.conf.`,
  ),
  "nobody-to-let-in": keyHolder(
    4105,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} The packet names no address to let in, and came from none`,
  ),
  "test-mode": keyHolder(
    null,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} --test mode enabled, skipping firewall manipulation.`,
  ),
  "test-mode-command": keyHolder(
    null,
    "warning",
    (facts: AtStanza) => `${stanzaTag(facts)} --test mode enabled, skipping command execution.`,
  ),
  "not-possible": keyHolder(
    4107,
    "error",
    (facts: AtStanza & { readonly reason: string }) =>
      `${stanzaTag(facts)} Cannot open the requested access: ${facts.reason}`,
  ),
  "too-many-grants": keyHolder(
    4105,
    "warning",
    (facts: AtStanza & { readonly access: Ip; readonly held: number; readonly allowed: number }) =>
      `${stanzaTag(facts)} Nothing is opened for ${facts.access.text}: ${facts.held} doors are open for this stanza, ` +
      `and MAX_OPEN_GRANTS allows ${facts.allowed}`,
  ),
};

/** The stable name of a reason. */
export type RefusalCode = keyof typeof REFUSALS;

/** What has to be known to say it. */
type FactsOf<Code extends RefusalCode> = Parameters<(typeof REFUSALS)[Code]["sentence"]>[0];

/** A reason and the facts about this packet. Never with a key in them. */
export type Refusal<Code extends RefusalCode = RefusalCode> = {
  [Each in Code]: { readonly code: Each; readonly facts: FactsOf<Each> };
}[Code];

/** One refusal. */
export function refusal<Code extends RefusalCode>(code: Code, facts: FactsOf<Code>): Refusal<Code> {
  return { code, facts } as Refusal<Code>;
}

/** A packet that was seen before, and how it came then. */
interface SeenBefore extends Pick<Datagram, "source" | "protocol" | "destinationPort"> {
  readonly first: FirstSight;
}

/** The warning of facts/replay 3, shorter where it is not known any more how the first one came. Times in local time, as in C. */
function replayWarning({ source, protocol, destinationPort, first }: SeenBefore): string {
  const at = new Date(first.seenAt * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = [at.getMonth() + 1, at.getDate(), at.getFullYear() % 100].map(two).join("/");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const known = first.facts();
  const original = known === null
    ? ""
    : `Original source IP: ${known.source}, Original dst proto/port: ${known.protocol}/${known.destinationPort}, `;
  return `Replay detected from source IP: ${source.text}, Destination proto/port: ${protocol}/${destinationPort}, ` +
    `${original}Entry created: ${date} ${time}`;
}

interface Difference {
  /** Seconds between the packet's time stamp and now. */
  readonly difference: number;
}

function timeDifference(facts: AtStanza & Difference): string {
  return `${stanzaTag(facts)} SPA data time difference is too great (${facts.difference} seconds).`;
}

/** With the traits of each SYN, which an administrator may paste into the signature file. */
function systemsText(seen: readonly SeenSystem[]): string {
  if (seen.length === 0) {
    return `no TCP SYN came from its source in the last ${SYN_SECONDS} seconds, so its system is not known`;
  }
  const words = ({ name, syn }: SeenSystem) => `${name === null ? "fits no signature" : `looks like ${name}`}: ${syn}`;
  return seen.map((one) => `a TCP SYN from its source ${words(one)}`).join("; ");
}

function preprocessError(number: number, { source }: Sender): string {
  const text = SERVER_ERRORS.get(number);
  return `[${source.text}] preprocess_spa_data() returned error ${number}: '${text}' for incoming packet.`;
}

/** The daemon's own error numbers (facts/process 9). Scripts match number and text. */
const SERVER_ERRORS: ReadonlyMap<number, string> = new Map([
  [4096, "Data is not a valid SPA message format"],
  [4097, "Not enough data for an SPA message"],
  [4098, "Data is not an SPA message"],
  [4099, "SPA over HTTP is not enabled"],
  [4100, "Cannot set up the decoding of the SPA data"],
  [4101, "Cannot compute the replay digest"],
  [4102, "Cannot use the digest cache"],
  [4103, "The SPA message was seen before"],
  [4104, "The SPA message is outside the permitted time window"],
  [4105, "The access request was denied"],
  [4106, "The command could not be run"],
  [4107, "The request is not supported"],
  [4108, "NAT requests are not enabled"],
  [4109, "General error while handling SPA data"],
  [8192, "Cannot add the firewall rule"],
  [8193, "Cannot delete the firewall rule"],
  [8194, "Unknown firewall error"],
]);

/** All lines of `--dump-serv-err-codes`. */
export function serverErrorLines(): string[] {
  return [...SERVER_ERRORS].map(([number, text]) => `err code: ${number}, err string: '${text}'`);
}
