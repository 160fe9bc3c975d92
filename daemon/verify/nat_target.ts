/** Where the NAT request of an opened packet leads, and whether its stanza allows that. Pure. */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import type { Result } from "../../lib/result.ts";
import type { NatTarget } from "../../lib/wire/message.ts";
import { allowsEnd, type NatEnd } from "../grants/nat_policy.ts";
import { atStanza, type OpenedPacket } from "./gates.ts";
import { type Refusal, refusal } from "./refusals.ts";

/**
 * Looks up the host of a NAT request; one address of the family, of a host that is not this one. Never rejects; the fault is
 * the end of a sentence.
 */
export type NameResolver = (host: string, family: 4 | 6) => Promise<Result<Ip, string>>;

/** What is known of a target: all of it, or only a name, which has to be looked up. */
export type NatLead =
  | { readonly kind: "known"; readonly end: NatEnd | null }
  | { readonly kind: "name"; readonly target: NatTarget };

/** Where the message wants to go; nowhere where it asks for no NAT, or the stanza says itself where that leads. */
export function natLead({ message: { nat }, stanza }: Pick<OpenedPacket, "message" | "stanza">): NatLead {
  if (nat === null || stanza.nat.forceNat !== null) return { kind: "known", end: null };
  const ip = parseIp(nat.host);
  if (ip.ok) return { kind: "known", end: { to: ip.value, port: nat.port } };
  // Commands of the stanza open no door that could lead there.
  return stanza.cycle === null ? { kind: "name", target: nat } : { kind: "known", end: null };
}

/** Why the stanza does not let it lead there, or null. */
export function natDenied(packet: OpenedPacket, end: NatEnd | null): Refusal | null {
  if (end === null || allowsEnd(packet.stanza.nat, end)) return null;
  return refusal("nat-target-denied", { ...atStanza(packet), to: end.to, port: end.port });
}
