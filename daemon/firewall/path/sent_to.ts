/** Where a rule sends packets to instead of where they were sent: only what is certain. Pure. */
import { parseIp } from "../../../lib/net/address.ts";
import { byteString } from "./operand.ts";

/** A destination. */
export interface SentTo {
  /** By IP version, as byte strings; null: it stays on this host, at whichever address. */
  readonly address: { readonly [family in 4 | 6]?: string } | null;
  /** Null: the port stays what it was. */
  readonly port: number | null;
}

/** To this host itself, by the port that is left as it was. */
const HERE: SentTo = { address: null, port: null };

/** `NF_NAT_RANGE_*`: an address is named, a port is; `known` are those, and how to choose where there is a choice. */
const RANGE = { address: 1, port: 2, known: 1 | 2 | 4 | 8 | 16 };

/** What a target of iptables says by its structure; null: it is one of several, or not understood. */
export function sentToByTarget(name: string, info: Uint8Array): SentTo | null {
  if (name !== "DNAT" && name !== "REDIRECT") return null;
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  // struct nf_nat_range, and nf_nat_range2, which has one more port at its end, have room for addresses of both kinds.
  const found = info.length >= 40
    ? readRange(view, { at: 0, size: 16 })
    // struct nf_nat_ipv4_multi_range_compat: a list of one.
    : info.length >= 20 && view.getUint32(0, true) === 1
    ? readRange(view, { at: 4, size: 4 })
    : null;
  // The address is not asked for: it is that of the interface.
  return found !== null && name === "REDIRECT" ? { ...found, address: null } : found;
}

function readRange(view: DataView, { at, size }: { readonly at: number; readonly size: 4 | 16 }): SentTo | null {
  const flags = view.getUint32(at, true);
  if ((flags & ~RANGE.known) !== 0) return null;
  const address = (offset: number) => byteString(new Uint8Array(view.buffer, view.byteOffset + at + 4 + offset, size));
  const ports = at + 4 + 2 * size;
  const [first, last] = [address(0), address(size)];
  const [port, end] = [view.getUint16(ports), view.getUint16(ports + 2)];
  const isNamed = (flags & RANGE.address) !== 0, hasPort = (flags & RANGE.port) !== 0;
  if ((isNamed && first !== last) || (hasPort && port !== end)) return null;
  return {
    address: isNamed ? { 4: first.slice(0, 4), ...(size === 16 ? { 6: first } : {}) } : null,
    port: hasPort ? port : null,
  };
}

/** The words behind the target, as iptables-save writes them; null as above. */
export function sentToByWords(name: string, words: readonly string[]): SentTo | null {
  if (name !== "DNAT" && name !== "REDIRECT") return null;
  const [option, value = "", ...more] = words;
  if (name === "REDIRECT" && option === undefined) return HERE;
  if (more.some((word) => word !== "--random" && word !== "--persistent")) return null;
  if (name === "REDIRECT") return option === "--to-ports" ? atPort(HERE, value) : null;
  return option === "--to-destination" ? readDestination(value) : null;
}

/** `192.0.2.1`, `192.0.2.1:80`, `:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function readDestination(text: string): SentTo | null {
  if (/^[^[]*:.*:/.test(text)) return atAddress(text);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? text;
  const to = name === "" ? HERE : atAddress(name);
  return to === null || port === undefined ? to : atPort(to, port);
}

function atAddress(text: string): SentTo | null {
  const ip = parseIp(text);
  return ip.ok ? { address: { [ip.value.family]: byteString(ip.value.bytes) }, port: null } : null;
}

function atPort(to: SentTo, text: string): SentTo | null {
  const port = Number(text);
  return /^[0-9]{1,5}$/.test(text) && port > 0 && port <= 0xffff ? { ...to, port } : null;
}
