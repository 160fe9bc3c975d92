/** What a stanza says of NAT, as values, and which hosts a NAT request may lead to. Pure. */
import type { Ip } from "../../lib/net/address.ts";
import { type AddressList, matchesList } from "../../lib/net/cidr.ts";

/** An inside host and its port. */
export interface NatEnd {
  readonly to: Ip;
  readonly port: number;
}

/** Ports from one to another, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** An item of NAT_ALLOW: hosts, and their ports; null: any port. */
export interface NatAllowance {
  readonly hosts: AddressList;
  readonly ports: readonly PortRange[] | null;
}

/** The NAT directives of a stanza (facts/configuration 7). */
export interface NatPolicy {
  /** FORCE_NAT: takes the place of what the message asks for. */
  readonly forceNat: NatEnd | null;
  /** FORCE_SNAT. */
  readonly forceSnat: Ip | null;
  /** FORCE_MASQUERADE. */
  readonly forceMasquerade: boolean;
  /** DISABLE_DNAT. */
  readonly disableDnat: boolean;
  /** FORWARD_ALL; has an effect in the NAT branch only. */
  readonly forwardAll: boolean;
  /** NAT_ALLOW; null: every host, as in the C daemon. */
  readonly allow: readonly NatAllowance[] | null;
}

/** A stanza without NAT directives. */
export const NO_NAT_POLICY: NatPolicy = {
  forceNat: null,
  forceSnat: null,
  forceMasquerade: false,
  disableDnat: false,
  forwardAll: false,
  allow: null,
};

/** Which NAT requests are answered: ENABLE_IPT_FORWARDING and ENABLE_IPT_LOCAL_NAT. */
export interface NatSwitches {
  readonly forwarding: boolean;
  readonly localNat: boolean;
}

/** Whether NAT_ALLOW lets a request lead there. FORWARD_ALL leads to every port of the host. */
export function allowsEnd({ allow, forwardAll }: NatPolicy, { to, port }: NatEnd): boolean {
  if (allow === null) return true;
  return allow.some(({ hosts, ports }) =>
    matchesList(hosts, to) &&
    (ports === null || (!forwardAll && ports.some(({ first, last }) => port >= first && port <= last)))
  );
}

/** `0.0.0.0` or `::`: whatever host the client addresses. */
export function isUnspecified({ bytes }: Ip): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Whether it is an address of the machine for itself. */
export function isLoopback({ family, bytes, text }: Ip): boolean {
  return family === 4 ? bytes[0] === 127 : text === "::1";
}

/** Whether the address is that of one host: not of none, of many or of all. */
export function isHostAddress(ip: Ip): boolean {
  const { family, bytes, text } = ip;
  const first = bytes[0] ?? 0;
  const many = family === 4 ? first >= 224 && first < 240 || text === "255.255.255.255" : first === 0xff;
  return !isUnspecified(ip) && !many;
}
