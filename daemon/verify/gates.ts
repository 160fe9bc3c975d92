/**
 * What an authentic packet must still pass, as a list of small tests in the order of facts/packets 5. Pure: the clock
 * and the configuration are in the {@link OpenedPacket}. A refusal is a code and facts.
 */
import { type Ip, UNSPECIFIED4 } from "../../lib/net/address.ts";
import type { Service } from "../../lib/net/service.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";
import { isLocalNatType, isNatType } from "../grants/grants.ts";
import type { NatSwitches } from "../grants/nat_policy.ts";
import type { SeenSystem } from "../fingerprint/system.ts";
import { type AtStanza, type Refusal, refusal } from "./refusals.ts";
import { type Remark, remark } from "./remarks.ts";

/** What of fwknopd.conf decides about a packet. */
export interface GatePolicy {
  /** Seconds a time stamp may be off in either direction; null switches the test off. */
  readonly maxAge: number | null;
  /** See `ReplayStore`. Default: nothing is forgotten. */
  readonly forgottenUntil?: number;
  /** Which NAT requests are answered. Default: none. */
  readonly nat?: NatSwitches;
  /** The systems that a sender seems to have, the newest first; asked only for stanzas that ask. Default: none is known. */
  readonly systemsOf?: (sender: Ip) => readonly SeenSystem[];
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

/** A match whose packet the stanza's keys have opened. */
export interface OpenedPacket extends StanzaMatch {
  readonly message: SpaMessage;
  /** Who sent it: the source, or the client of a trusted proxy. */
  readonly sender: Ip;
  /** Whom to let in. */
  readonly access: Ip;
  readonly policy: GatePolicy;
}

/** What is told of a packet that passed every gate: whom it lets in, and what seems to have sent it. */
export function toldOfAdmitted(packet: OpenedPacket): readonly Remark[] {
  const at = atStanza(packet);
  const { access, sender } = packet;
  const system = systemThatFits(packet);
  return [
    ...access.text === sender.text ? [] : [remark("lets-in-another", { ...at, access, sender })],
    ...system === null ? [] : [remark("system-seen", { ...at, ...system })],
  ];
}

/** Null lets through. */
type Gate<Subject> = (subject: Subject) => Refusal | null;

/** Tests that need no key. */
export const GATES_BEFORE_OPENING: readonly Gate<StanzaMatch>[] = [stanzaIsValid];

/** Tests on the opened message. */
export const GATES_AFTER_OPENING: readonly Gate<OpenedPacket>[] = [
  isFresh,
  isRemembered,
  namesItsSource,
  isTheRightUser,
  isTheRightSystem,
  natIsEnabled,
  commandsAreTaken,
  portsAreAllowed,
  letsSomebodyIn,
];

/** The first refusal of the list, or null. */
export function firstRefusal<Subject>(gates: readonly Gate<Subject>[], subject: Subject): Refusal | null {
  for (const gate of gates) {
    const refusal = gate(subject);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Where a refusal comes from. */
export function atStanza({ source, stanza }: StanzaMatch): AtStanza {
  return { source, stanza: stanza.number };
}

/** The message's own address; for 0.0.0.0 that of the trusted proxy's client, else of the packet (facts/packets 5). */
export function accessAddress({ request }: SpaMessage, sender: Ip): Ip {
  return request.allow.text === UNSPECIFIED4.text ? sender : request.allow;
}

/** Whether it is too old to open, now or later. */
export function isPast(message: SpaMessage, { maxAge }: Pick<GatePolicy, "maxAge">, now: number): boolean {
  return maxAge !== null && message.timestamp < now - maxAge;
}

function stanzaIsValid(match: StanzaMatch): Refusal | null {
  const { expiresAt } = match.stanza;
  return expiresAt === null || match.now <= expiresAt ? null : refusal("stanza-expired", atStanza(match));
}

function isFresh(packet: OpenedPacket): Refusal | null {
  const { maxAge } = packet.policy;
  const age = packet.now - packet.message.timestamp;
  const difference = Math.abs(age);
  if (maxAge === null || difference <= maxAge) return null;
  return refusal(age > 0 ? "too-old" : "dated-ahead", { ...atStanza(packet), difference });
}

/** Where a greater age is allowed than before, its digest may have left the memory long ago. */
function isRemembered(packet: OpenedPacket): Refusal | null {
  const { forgottenUntil = 0 } = packet.policy;
  if (packet.message.timestamp > forgottenUntil) return null;
  return refusal("may-be-forgotten", { ...atStanza(packet), forgottenUntil });
}

function namesItsSource(packet: OpenedPacket): Refusal | null {
  const { allow } = packet.message.request;
  if (!packet.stanza.requireSourceAddress || allow.text !== UNSPECIFIED4.text) return null;
  return refusal("no-source-address", atStanza(packet));
}

function isTheRightUser(packet: OpenedPacket): Refusal | null {
  const { requireUsername: required } = packet.stanza;
  const { username } = packet.message;
  return required === null || required === username
    ? null
    : refusal("other-user", { ...atStanza(packet), username, required });
}

function isTheRightSystem(packet: OpenedPacket): Refusal | null {
  const { requireSystem: required } = packet.stanza;
  if (required === null || systemThatFits(packet) !== null) return null;
  return refusal("other-system", { ...atStanza(packet), required, seen: systemsOf(packet) });
}

/** The newest of its sender's systems that is what the stanza asks for; null where there is none, or it does not ask. */
function systemThatFits(packet: OpenedPacket): SeenSystem | null {
  const { requireSystem } = packet.stanza;
  if (requireSystem === null) return null;
  return systemsOf(packet).find(({ name }) => name !== null && requireSystem.test(name)) ?? null;
}

function systemsOf({ policy, sender }: OpenedPacket): readonly SeenSystem[] {
  return policy.systemsOf?.(sender) ?? [];
}

/** FORCE_NAT does not stand for the switch: it says where a request leads, not that it may be made. */
function natIsEnabled(packet: OpenedPacket): Refusal | null {
  const { type } = packet.message;
  const { forwarding = false, localNat = false } = packet.policy.nat ?? {};
  if (!isNatType(type) || (isLocalNatType(type) ? localNat : forwarding)) return null;
  return refusal("nat-not-enabled", atStanza(packet));
}

/** A stanza with a cycle is asked for services: what else is there to put into its templates? */
function commandsAreTaken(packet: OpenedPacket): Refusal | null {
  const { commands, cycle } = packet.stanza;
  if (packet.message.request.kind !== "command") return null;
  if (cycle !== null) {
    return refusal("cycle-not-built", { ...atStanza(packet), reason: "The packet asks for no service" });
  }
  return commands === null ? refusal("command-not-allowed", atStanza(packet)) : null;
}

/**
 * facts/configuration 9: one restricted service denies; then every requested one must be in OPEN_PORTS, where that is
 * set.
 */
function portsAreAllowed(packet: OpenedPacket): Refusal | null {
  const { request } = packet.message;
  if (request.kind !== "access") return null;
  const { openPorts, restrictPorts } = packet.stanza;
  const restricted = request.services.some((service) => lists(restrictPorts, service));
  const open = openPorts === null || request.services.every((service) => lists(openPorts, service));
  return !restricted && open ? null : refusal("service-denied", atStanza(packet));
}

/** A packet that names no address and comes from none: in a rule that would be anybody. */
function letsSomebodyIn(packet: OpenedPacket): Refusal | null {
  return packet.access.bytes.some((byte) => byte !== 0) ? null : refusal("nobody-to-let-in", atStanza(packet));
}

function lists(services: readonly Service[], wanted: Service): boolean {
  return services.some((service) => service.proto === wanted.proto && service.port === wanted.port);
}
