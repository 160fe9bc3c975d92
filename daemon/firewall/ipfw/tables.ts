/**
 * Lookup tables of ipfw: one for each service, or service at one address, with the sources that are let in; the value of an
 * entry is the end of its grant. What a table opens is told by its name. Pure.
 */
import { type Ip, ipFromBytes, parseIp } from "../../../lib/net/address.ts";
import type { Service } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";

/** A grant that can be an entry of a table. */
export type InputAccess = Extract<Access, { readonly slot: "input" }>;

/** What a table opens. */
export interface Door {
  readonly service: Service;
  /** Null: any address of this host. */
  readonly destination: Ip | null;
}

/** An address in a table. */
export interface TableEntry {
  readonly source: Ip;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** `fwknop_tcp_22`, and with the address in hexadecimal digits where it is one of them: `fwknop_tcp_22_0a4d0001`. */
export function tableName({ service: { proto, port }, destination }: Door): string {
  const name = `fwknop_${proto}_${port}`;
  return destination === null ? name : `${name}_${destination.bytes.toHex()}`;
}

/** What a table of that name opens; null for one of somebody else. */
export function doorOf(name: string): Door | null {
  const [, proto, port, hex] = /^fwknop_(tcp|udp)_([1-9][0-9]{0,4})(?:_([0-9a-f]{8}|[0-9a-f]{32}))?$/.exec(name) ?? [];
  if (proto !== "tcp" && proto !== "udp" || Number(port) > 65_535) return null;
  const destination = hex === undefined ? null : ipFromBytes(Uint8Array.fromHex(hex));
  const door = { service: { proto, port: Number(port) }, destination } as const;
  return tableName(door) === name ? door : null;
}

/** Reads `ipfw table all list`: our tables with what is in them, by name. */
export function parseTables(listing: string): ReadonlyMap<string, readonly TableEntry[]> {
  const tables = new Map<string, TableEntry[]>();
  let entries: TableEntry[] | null = null;
  for (const line of listing.split("\n")) {
    const [, name] = /^--- table\((\S+)\), set\([0-9]+\) ---$/.exec(line) ?? [];
    if (name !== undefined) {
      entries = doorOf(name) === null ? null : [];
      if (entries !== null) tables.set(name, entries);
      continue;
    }
    const entry = entryOf(line);
    if (entry !== null) entries?.push(entry);
  }
  return tables;
}

function entryOf(line: string): TableEntry | null {
  const [, text = "", width, value] = /^(\S+)\/([0-9]{1,3}) ([0-9]{1,10})$/.exec(line) ?? [];
  const source = parseIp(text);
  if (!source.ok || Number(width) !== source.value.bytes.length * 8) return null;
  return { source: source.value, expiresAt: Number(value) };
}
