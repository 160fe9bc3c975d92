/** Numbers of the kernel's interface, from linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h. */

export const AF_NETLINK = 16;
export const NETLINK_NETFILTER = 12;
export const SO_SNDBUF = 7;
export const SO_SNDBUFFORCE = 32;
export const SOL_NETLINK = 270;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
/** Multicast group of ruleset changes, as a bit of `sockaddr_nl.nl_groups` (NFNLGRP_NFTABLES is group 7). */
export const NFTABLES_GROUP_BIT = 1 << (7 - 1);

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** In a dump: the ruleset changed while it was read. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
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

export const NFTA = {
  genId: 1,
  chain: { table: 1, name: 3 },
  rule: { table: 1, chain: 2, handle: 3, expressions: 4 },
  expr: { name: 1, data: 2 },
  immediate: { data: 2 },
  lookup: { set: 1 },
  data: { value: 1, verdict: 2 },
  verdict: { code: 1, chain: 2 },
  set: { table: 1, name: 2 },
  elemList: { table: 1, set: 2, elements: 3 },
  listElem: 1,
  elem: { key: 1, data: 2, timeout: 4, expiration: 5 },
} as const;

/** Verdict code of `jump`, as the unsigned 32-bit number on the wire. */
export const NFT_JUMP = 0xfffffffd;
