/** Numbers of the kernel's interface, from linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h. */

export const AF_NETLINK = 16;
export const NETLINK_NETFILTER = 12;
export const SO_SNDBUF = 7;
export const SO_SNDBUFFORCE = 32;
export const SOL_NETLINK = 270;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
/** Multicast group of ruleset changes, as a bit of `sockaddr_nl.nl_groups` (NFNLGRP_NFTABLES is group 7). */
export const NFTABLES_GROUP = 7;
export const NFTABLES_GROUP_BIT = 1 << (NFTABLES_GROUP - 1);
export const NETLINK_ADD_MEMBERSHIP = 1;
export const NETLINK_DROP_MEMBERSHIP = 2;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** In a dump: the ruleset changed while it was read. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
/** It is an error where it is there already. */
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
/** Of a new rule: at the end of its chain; in an event: behind the rule that is named. */
export const NLM_F_APPEND = 0x800;
/** What a change made is told to who made it. */
export const NLM_F_ECHO = 0x8;
/** In an error message: the request's payload was left out. */
export const NLM_F_CAPPED = 0x100;
/** In an error message: attributes follow. */
export const NLM_F_ACK_TLVS = 0x200;
export const NLMSGERR_ATTR_MSG = 1;
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

export const NFNL_SUBSYS_NFTABLES = 10;
export const NFNL_MSG_BATCH_BEGIN = 0x10;
export const NFNL_MSG_BATCH_END = 0x11;
/** Attribute of a batch's begin: the ruleset generation that the batch was made for. */
export const NFNL_BATCH_GENID = 1;

/** `enum nf_tables_msg_types`. */
export const NFT_MSG = {
  newTable: 0,
  getTable: 1,
  delTable: 2,
  newChain: 3,
  getChain: 4,
  delChain: 5,
  newRule: 6,
  getRule: 7,
  delRule: 8,
  newSet: 9,
  getSet: 10,
  delSet: 11,
  newSetElem: 12,
  getSetElem: 13,
  delSetElem: 14,
  newGen: 15,
  getGen: 16,
} as const;

/** `NFPROTO_*` by nft's names of table families. */
export const NFPROTO = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const;
export type TableFamily = keyof typeof NFPROTO;

/** Numbers of attributes, by what they stand in. */
export const NFTA = {
  genId: 1,
  table: { name: 1, flags: 2, handle: 4, owner: 7 },
  chain: { table: 1, handle: 2, name: 3, hook: 4, policy: 5, type: 7 },
  hook: { number: 1, priority: 2, device: 3, devices: 4 },
  device: { name: 1, prefix: 2 },
  rule: { table: 1, chain: 2, handle: 3, expressions: 4, position: 6 },
  expr: { name: 1, data: 2 },
  data: { value: 1, verdict: 2 },
  verdict: { code: 1, chain: 2 },
  set: {
    table: 1,
    name: 2,
    flags: 3,
    keyType: 4,
    keyLength: 5,
    dataType: 6,
    dataLength: 7,
    id: 10,
    userData: 13,
    handle: 16,
  },
  elemList: { table: 1, set: 2, elements: 3 },
  listElem: 1,
  elem: { key: 1, data: 2, flags: 3, timeout: 4, expiration: 5, keyEnd: 10 },
  immediate: { to: 1, data: 2 },
  payload: { to: 1, base: 2, offset: 3, length: 4, from: 5 },
  meta: { to: 1, key: 2, from: 3 },
  ct: { to: 1, key: 2, direction: 3, from: 4 },
  bitwise: { from: 1, to: 2, length: 3, mask: 4, xor: 5, operation: 6 },
  byteorder: { from: 1, to: 2, operation: 3, length: 4, size: 5 },
  compare: { from: 1, how: 2, value: 3 },
  range: { from: 1, how: 2, low: 3, high: 4 },
  lookup: { set: 1, from: 2, to: 3, flags: 5 },
  nat: { type: 1, family: 2, address: 3, addressEnd: 4, port: 5, portEnd: 6, flags: 7 },
  masquerade: { flags: 1, port: 2 },
  redirect: { port: 1, portEnd: 2 },
  fib: { to: 1, result: 2, flags: 3 },
  xt: { name: 1, revision: 2, info: 3 },
} as const;

/** `NF_NAT_RANGE_NETMAP`: the address stands for a network. */
export const NAT_NETMAP = 64;
/** `NFT_FIB_RESULT_ADDRTYPE`, and the flag that says that it is asked for the destination. */
export const FIB = { addressType: 3, destination: 2 } as const;
/** `NFT_TABLE_F_*`. */
export const NFT_TABLE_FLAG = { dormant: 1, owner: 2 } as const;
/** `enum nft_set_flags`. */
export const NFT_SET_FLAG = { anonymous: 1, interval: 4, map: 8, timeout: 16 } as const;
/** `enum nft_set_elem_flags`. */
export const NFT_ELEMENT_FLAG = { intervalEnd: 1, catchall: 2 } as const;
/** `IP_CT_DIR_ORIGINAL`: the direction in which a connection began. */
export const CT_ORIGINAL = 0;
/** `enum nft_lookup_flags`: goes on where the key is not in the set. */
export const NFT_LOOKUP_INVERTED = 1;

/** Verdicts: those of netfilter, and those of nf_tables, which are negative, as the unsigned 32-bit numbers on the wire. */
export const VERDICT = {
  drop: 0,
  accept: 1,
  stolen: 2,
  queue: 3,
  repeat: 4,
  continue: 0xffffffff,
  break: 0xfffffffe,
  jump: 0xfffffffd,
  goto: 0xfffffffc,
  return: 0xfffffffb,
} as const;
