/**
 * What an authentic packet must still pass, as a list of small tests in the order of facts/packets 5. Pure: the clock
 * and the configuration are in the {@link OpenedPacket}. A refusal is a value and says what the log will say.
 */
import type { LogLine } from "../../lib/log.ts";
import { type Ip, UNSPECIFIED4 } from "../../lib/net/address.ts";
import { matchesList } from "../../lib/net/cidr.ts";
import type { Service } from "../../lib/net/service.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";

/** What of fwknopd.conf decides about a packet. */
export interface GatePolicy {
  /** Seconds a time stamp may be off in either direction; null switches the test off. */
  readonly maxAge: number | null;
  /** See `ReplayStore`. Default: nothing is forgotten. */
  readonly forgottenUntil?: number;
}

/** The two ends of the packet and the stanza under trial. */
export interface StanzaMatch {
  readonly stanza: Stanza;
  readonly source: Ip;
  /** Null where the capture does not tell. */
  readonly destination: Ip | null;
  /** Unix seconds. */
  readonly now: number;
}

/** A visit whose packet the stanza's keys have opened. */
export interface OpenedPacket extends StanzaMatch {
  readonly message: SpaMessage;
  /** Whom the door would open for. */
  readonly access: Ip;
  readonly policy: GatePolicy;
}

/** Null lets through. */
type Gate<Subject> = (subject: Subject) => LogLine | null;

/** Tests that need no key: which stanza speaks for this packet at all. */
export const GATES_BEFORE_OPENING: readonly Gate<StanzaMatch>[] = [addressesMatch, stanzaIsValid];

/** Tests on the opened message. */
export const GATES_AFTER_OPENING: readonly Gate<OpenedPacket>[] = [
  isFresh,
  isRemembered,
  namesItsSource,
  isTheRightUser,
  isNoNatRequest,
  isNoCommand,
  portsAreAllowed,
  letsSomebodyIn,
];

/** The first refusal of the list, or null. */
export function firstRefusal<Subject>(gates: readonly Gate<Subject>[], subject: Subject): LogLine | null {
  for (const gate of gates) {
    const refusal = gate(subject);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** `[203.0.113.7] (stanza #2)`, the tag that scripts look for. */
export function tag(visit: StanzaMatch): string {
  return `[${visit.source.text}] (stanza #${visit.stanza.number})`;
}

/** Whether SOURCE and DESTINATION of the stanza are those of the packet. */
export function speaksFor(
  stanza: Stanza,
  { source, destination }: Pick<StanzaMatch, "source" | "destination">,
): boolean {
  const destinationFits = stanza.destination === null ||
    (destination !== null && matchesList(stanza.destination, destination));
  return destinationFits && matchesList(stanza.source, source);
}

function addressesMatch({ stanza, source, destination }: StanzaMatch): LogLine | null {
  if (speaksFor(stanza, { source, destination })) return null;
  const to = destination?.text ?? "?";
  return {
    level: "debug",
    text:
      `(stanza #${stanza.number}) SPA packet (${source.text} -> ${to}) filtered by SOURCE and/or DESTINATION criteria`,
  };
}

function stanzaIsValid(visit: StanzaMatch): LogLine | null {
  const { expiresAt } = visit.stanza;
  if (expiresAt === null || visit.now <= expiresAt) return null;
  return { level: "info", text: `${tag(visit)} Access stanza has expired` };
}

function isFresh(attempt: OpenedPacket): LogLine | null {
  const { maxAge } = attempt.policy;
  const difference = Math.abs(attempt.now - attempt.message.timestamp);
  if (maxAge === null || difference <= maxAge) return null;
  return { level: "warning", text: `${tag(attempt)} SPA data time difference is too great (${difference} seconds).` };
}

/** Where a greater age is allowed than before, its digest may have left the memory long ago. */
function isRemembered(attempt: OpenedPacket): LogLine | null {
  const { forgottenUntil = 0 } = attempt.policy;
  if (attempt.message.timestamp > forgottenUntil) return null;
  const until = new Date(forgottenUntil * 1000).toISOString();
  const text = `${tag(attempt)} Replay possible: packets dated up to ${until} may have been seen before and forgotten.`;
  return { level: "warning", text };
}

function namesItsSource(attempt: OpenedPacket): LogLine | null {
  const { allow } = attempt.message.request;
  if (!attempt.stanza.requireSourceAddress || allow.text !== UNSPECIFIED4.text) return null;
  return { level: "warning", text: `${tag(attempt)} Got 0.0.0.0 when valid source IP was required.` };
}

function isTheRightUser(attempt: OpenedPacket): LogLine | null {
  const { requireUsername } = attempt.stanza;
  const { username } = attempt.message;
  if (requireUsername === null || requireUsername === username) return null;
  return {
    level: "warning",
    text: `${tag(attempt)} Username in SPA data (${username}) does not match required username: ${requireUsername}`,
  };
}

function isNoNatRequest({ stanza, source, message }: OpenedPacket): LogLine | null {
  if (message.nat === null) return null;
  return {
    level: "warning",
    text:
      `(stanza #${stanza.number}) SPA packet from ${source.text} requested NAT access, but is not enabled/supported`,
  };
}

function isNoCommand(attempt: OpenedPacket): LogLine | null {
  if (attempt.message.request.kind !== "command") return null;
  return {
    level: "warning",
    text: `${tag(attempt)} SPA Command messages are not allowed in the current configuration.`,
  };
}

/**
 * facts/configuration 9: one restricted service denies; then every requested one must be in OPEN_PORTS, where that is
 * set.
 */
function portsAreAllowed(attempt: OpenedPacket): LogLine | null {
  const { request } = attempt.message;
  if (request.kind !== "access") return null;
  const { openPorts, restrictPorts } = attempt.stanza;
  const restricted = request.services.some((service) => lists(restrictPorts, service));
  const open = openPorts === null || request.services.every((service) => lists(openPorts, service));
  if (!restricted && open) return null;
  return {
    level: "warning",
    text: `${tag(attempt)} One or more requested protocol/ports was denied per access.conf.`,
  };
}

/** A packet that names no address and comes from none: in a rule that would be anybody. */
function letsSomebodyIn(attempt: OpenedPacket): LogLine | null {
  if (attempt.access.bytes.some((byte) => byte !== 0)) return null;
  return { level: "warning", text: `${tag(attempt)} The packet names no address to let in, and came from none` };
}

function lists(services: readonly Service[], wanted: Service): boolean {
  return services.some((service) => service.proto === wanted.proto && service.port === wanted.port);
}
