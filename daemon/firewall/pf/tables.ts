/**
 * Tables of pf: one for each service, or service at one address, and family; its entries are the clients. What a table opens
 * is told by its rule; its name is made from that. Pure.
 */
import { type Ip, parseIp } from "../../../lib/net/address.ts";
import type { Service } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";

/** A grant that can be an entry of a table. */
export type InputAccess = Extract<Access, { readonly slot: "input" }>;

/** What a table opens. */
export interface Door {
  readonly family: 4 | 6;
  readonly service: Service;
  /** Null: any address of this host. */
  readonly destination: Ip | null;
}

/** The door that a grant goes through. */
export function doorOf({ source, destination, service }: InputAccess): Door {
  return { family: source.family, service, destination };
}

/** Whether two doors open the same. */
export function isSameDoor(one: Door, other: Door): boolean {
  return tableName(one) === tableName(other) && one.destination?.text === other.destination?.text;
}

/**
 * `fwknop_tcp_22`, `fwknop6_tcp_22` for IPv6, and `fwknop_tcp_22_0a4d0001` at one address. pf takes 31 characters, so of an
 * IPv6 address there stand 8 digits, its four words by exclusive or: whoever makes a table must see to it that it is free.
 */
export function tableName({ family, service: { proto, port }, destination }: Door): string {
  const name = `fwknop${family === 6 ? "6" : ""}_${proto}_${port}`;
  return destination === null ? name : `${name}_${folded(destination.bytes).toHex()}`;
}

function folded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(4);
  bytes.forEach((byte, at) => word[at % 4]! ^= byte);
  return word;
}

/** Reads `pfctl -T show`: addresses, and networks and exceptions that somebody else put there, as pfctl takes them. */
export function parseClients(listing: string): readonly string[] {
  return listing.split("\n").flatMap((line) => {
    const text = /^. ([ !]\S+)/.exec(line)?.[1]?.trim();
    if (text === undefined) return [];
    const ip = parseIp(text);
    return [ip.ok ? ip.value.text : text];
  });
}

/** The access that an entry gives; null where it is not one address of the family. */
export function accessThrough({ family, service, destination }: Door, client: string): InputAccess | null {
  const source = parseIp(client);
  if (!source.ok || source.value.family !== family) return null;
  return { slot: "input", source: source.value, destination, service };
}
