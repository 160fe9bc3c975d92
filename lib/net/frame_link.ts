/**
 * Where the IP header starts in a captured frame, by link type (pcap-linktype(7)). Pure, bounds-checked, never throws.
 * Unlike the C program, which takes a fixed offset per link type (facts/packets 1), the type fields are read and
 * believed.
 */

/** Start of the network header and the family that the link layer announced; 0 where it announces none (raw IP). */
export interface NetworkStart {
  readonly offset: number;
  readonly family: 0 | 4 | 6;
}

/** Link types that are understood, as `pcap_datalink` numbers them on Linux. */
export const LINK_TYPE = {
  null: 0,
  ethernet: 1,
  pppOverEthernet: 51,
  raw: 12,
  rawOpenBsd: 14,
  rawInFiles: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
/** 802.1Q, 802.1ad, and what double tagging used before it had a standard. */
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100];
const MOST_TAGS = 2;

/** RFC 2516: version 1, type 1; code 0 is session data. Protocol numbers of RFC 1661. */
const PPPOE_VERSION_TYPE = 0x11;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

const AF_INET = 2;
/** AF_INET6 of Linux, of NetBSD and OpenBSD, of FreeBSD, of Darwin: a capture file can come from any of them. */
const AF_INET6: readonly number[] = [10, 24, 28, 30];

/**
 * Finds the IP header; `"link-type"`: a link type that is not understood; `"not-ip"`: another protocol, or a frame cut
 * before its type field.
 */
export function findNetworkStart(frame: Uint8Array, linkType: number): NetworkStart | "link-type" | "not-ip" {
  switch (linkType) {
    case LINK_TYPE.ethernet:
      return afterEtherType(frame, 12);
    case LINK_TYPE.linuxCooked:
      return afterEtherType(frame, 14);
    case LINK_TYPE.linuxCooked2:
      return afterCooked2(frame);
    case LINK_TYPE.raw:
    case LINK_TYPE.rawOpenBsd:
    case LINK_TYPE.rawInFiles:
      return { offset: 0, family: 0 };
    case LINK_TYPE.ipv4:
      return { offset: 0, family: 4 };
    case LINK_TYPE.ipv6:
      return { offset: 0, family: 6 };
    case LINK_TYPE.null:
      return afterAddressFamily(frame, true);
    case LINK_TYPE.loop:
      return afterAddressFamily(frame, false);
    case LINK_TYPE.pppOverEthernet:
      return afterPppoe(frame, 0);
    default:
      return "link-type";
  }
}

/** Network-order 16 bits; a frame that is too short reads as 0, which is no type of anything. */
function word(frame: Uint8Array, at: number): number {
  return at + 2 <= frame.length ? ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0) : 0;
}

/** The type field at `at`, with up to two VLAN tags before the real one. */
function afterEtherType(frame: Uint8Array, at: number): NetworkStart | "not-ip" {
  for (let tags = 0; tags <= MOST_TAGS; tags++, at += 4) {
    const type = word(frame, at);
    if (VLAN_TAGS.includes(type)) continue;
    if (type === ETHERTYPE_IPV4) return { offset: at + 2, family: 4 };
    if (type === ETHERTYPE_IPV6) return { offset: at + 2, family: 6 };
    return type === ETHERTYPE_PPPOE_SESSION ? afterPppoe(frame, at + 2) : "not-ip";
  }
  return "not-ip";
}

/** LINKTYPE_LINUX_SLL2: the type comes first, the payload (or a VLAN tag) after 20 bytes. */
function afterCooked2(frame: Uint8Array): NetworkStart | "not-ip" {
  if (frame.length < 20) return "not-ip";
  const type = word(frame, 0);
  if (type === ETHERTYPE_IPV4) return { offset: 20, family: 4 };
  if (type === ETHERTYPE_IPV6) return { offset: 20, family: 6 };
  // The tag's own two bytes come first, then the type of what it carries.
  return VLAN_TAGS.includes(type) ? afterEtherType(frame, 22) : "not-ip";
}

function afterPppoe(frame: Uint8Array, at: number): NetworkStart | "not-ip" {
  if (word(frame, at) !== PPPOE_VERSION_TYPE << 8) return "not-ip";
  const protocol = word(frame, at + 6);
  if (protocol === PPP_IPV4) return { offset: at + 8, family: 4 };
  return protocol === PPP_IPV6 ? { offset: at + 8, family: 6 } : "not-ip";
}

/** DLT_NULL has the family in the byte order of the host that captured, DLT_LOOP in network order. */
function afterAddressFamily(frame: Uint8Array, eitherOrder: boolean): NetworkStart | "not-ip" {
  if (frame.length < 4) return "not-ip";
  const high = word(frame, 0);
  const low = word(frame, 2);
  let family = high === 0 ? low : -1;
  if (eitherOrder && low === 0 && frame[1] === 0) family = frame[0] ?? -1;
  if (family === AF_INET) return { offset: 4, family: 4 };
  return AF_INET6.includes(family) ? { offset: 4, family: 6 } : "not-ip";
}
