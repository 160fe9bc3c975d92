/** Tables, chains, rules and sets as nfnetlink tells and takes them: as much of each as this project looks at or writes. */
import type { TableFamily } from "./constants.ts";

/** A table by nft's names. */
export interface TableName {
  readonly family: TableFamily;
  readonly table: string;
}

/** A chain by nft's names. */
export interface ChainName extends TableName {
  readonly chain: string;
}

/** A set or map by nft's names. */
export interface SetName extends TableName {
  readonly set: string;
}

/** A table. */
export interface TableInfo extends TableName {
  readonly handle: bigint;
  /** Its chains are in force only when this is false. */
  readonly dormant: boolean;
  /** The netlink port of the process that alone may change it; null: everybody with the right may. */
  readonly owner: number | null;
}

/** A chain. */
export interface ChainInfo extends ChainName {
  readonly handle: bigint;
  /** Null where it is only jumped to. */
  readonly base: BaseChainInfo | null;
}

/** Where packets enter a chain by themselves. */
export interface BaseChainInfo {
  /** `filter`, `nat` or `route`. */
  readonly type: string;
  /** The number of the hook in its family: NF_INET_PRE_ROUTING 0, LOCAL_IN 1, FORWARD 2, LOCAL_OUT 3, POST_ROUTING 4, INGRESS 5; netdev: ingress 0. */
  readonly hook: number;
  readonly priority: number;
  readonly policy: "accept" | "drop";
  /** The interfaces that it is bound to, for ingress; empty: not bound. */
  readonly devices: readonly string[];
}

/** A rule. */
export interface RuleInfo extends ChainName {
  readonly handle: bigint;
  readonly expressions: readonly Expression[];
}

/** A set or map. */
export interface SetInfo extends SetName {
  readonly handle: bigint;
  /** Whether it holds values for its keys. */
  readonly map: boolean;
  /** Whether it stands inside one rule. */
  readonly anonymous: boolean;
  /** Whether its elements are ends of intervals. */
  readonly interval: boolean;
  /** Bytes of a key, padding of concatenated parts included. */
  readonly keyLength: number;
}

/** An element of a set or map. */
export interface SetElement {
  /** A set of intervals tells starts as elements, and where one ends. What catches all has no key. */
  readonly kind: "element" | "interval end" | "catchall";
  readonly key: Uint8Array;
  /** The last key of an interval of concatenated keys; else null. */
  readonly keyEnd: Uint8Array | null;
  /** What a map holds for the key. */
  readonly data: Uint8Array | null;
  /** What a verdict map holds for the key. */
  readonly verdict: Verdict | null;
  /** Milliseconds left, or null when it has no timeout. */
  readonly remainingMs: number | null;
}

/** What a packet comes to. `queue` is anything that hands the packet to somebody else. */
export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" | "continue" | "queue" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

/** How two values are compared, `NFT_CMP_*` by name. */
export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/**
 * One step of a rule. Registers are numbers of 32-bit registers, 0 to 15: the kernel's 128-bit register n is 4 * (n - 1)
 * here, its 32-bit register 8 + n is n. What is not understood is `other`, which is never an error.
 */
export type Expression =
  /** Bytes of a header into a register: `base` 0 link layer, 1 network, 2 transport. */
  | {
    readonly kind: "payload";
    readonly base: number;
    readonly offset: number;
    readonly length: number;
    readonly to: number;
  }
  /** `NFT_META_*` into a register. */
  | { readonly kind: "meta"; readonly key: number; readonly to: number }
  /** `NFT_CT_*` into a register. */
  | { readonly kind: "ct"; readonly key: number; readonly to: number }
  /** The same of the direction in which the connection began, as its first packet was before it was translated. */
  | { readonly kind: "ct original"; readonly key: number; readonly to: number }
  /** `to = (from & mask) ^ xor`. */
  | {
    readonly kind: "bitwise";
    readonly from: number;
    readonly to: number;
    readonly mask: Uint8Array;
    readonly xor: Uint8Array;
  }
  /** Bytes of each `size` in the other order. */
  | {
    readonly kind: "byteorder";
    readonly from: number;
    readonly to: number;
    readonly size: number;
    readonly length: number;
  }
  | { readonly kind: "compare"; readonly from: number; readonly how: Comparison; readonly value: Uint8Array }
  | {
    readonly kind: "range";
    readonly from: number;
    readonly inside: boolean;
    readonly low: Uint8Array;
    readonly high: Uint8Array;
  }
  /** Goes on where the key is in the set (`inverted`: where it is not). `to`: what a map holds; null for a set; "verdict" for a verdict map. */
  | {
    readonly kind: "lookup";
    readonly from: number;
    readonly set: string;
    readonly to: number | "verdict" | null;
    readonly inverted: boolean;
  }
  | { readonly kind: "load"; readonly to: number; readonly value: Uint8Array }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "reject" }
  /** Address translation by `nat`: registers or null. Ends the chain. `family` null: only the port, of packets of both. */
  | {
    readonly kind: "nat";
    readonly type: "snat" | "dnat";
    readonly family: 4 | 6 | null;
    readonly address: number | null;
    readonly port: number | null;
    /** To one of several addresses or ports, of which the registers are the first ones. */
    readonly several?: true;
  }
  /** The same to this host. */
  | { readonly kind: "redirect"; readonly port: number | null; readonly several: boolean }
  /** What the destination is to this host, `RTN_*`, into a register. */
  | { readonly kind: "address type"; readonly to: number }
  | { readonly kind: "masquerade"; readonly port: number | null }
  /** A match or target of iptables that has no words of its own in nf_tables. */
  | {
    readonly kind: "xt match" | "xt target";
    readonly name: string;
    readonly revision: number;
    readonly info: Uint8Array;
  }
  /** Anything else, by the kernel's name for it (`counter`, `log`, `limit`, …). `to`: the register that it writes, where that is known. */
  | { readonly kind: "other"; readonly name: string; readonly to: number | null };

/** The parts that keys and values of our sets are made of, by nft's names of types. */
export type DataType = "ipv4_addr" | "ipv6_addr" | "inet_proto" | "inet_service";

/** What a rule of ours can be made of. */
export type RuleStep = Extract<
  Expression,
  {
    readonly kind:
      | "payload"
      | "meta"
      | "ct"
      | "ct original"
      | "bitwise"
      | "compare"
      | "lookup"
      | "verdict"
      | "nat"
      | "masquerade";
  }
>;

/** One step of a transaction on a set or map. */
export interface ElementChange extends SetName {
  readonly verb: "add" | "delete";
  /** The bytes of the key, see `concatenate`. */
  readonly key: Uint8Array;
  /** The bytes that a map holds for the key. */
  readonly data?: Uint8Array;
  /** Milliseconds until the kernel removes it; without one it stays (or the set's default counts). */
  readonly timeoutMs?: number;
  /** Of an element to add: it is refused (EEXIST) where it is there already, and else left as it is. */
  readonly onlyNew?: true;
}

/** One step of a transaction on the structure. All of a transaction's steps happen or none. */
export type StructureChange = TableName & StructureStep;

type StructureStep =
  /** Already there is no error; a dormant one wakes, as with nft. */
  | { readonly verb: "add table" }
  | { readonly verb: "delete table" }
  /** Already there is no error. With `base` a base chain with the policy accept. */
  | {
    readonly verb: "add chain";
    readonly chain: string;
    readonly base: { readonly type: "filter" | "nat"; readonly hook: number; readonly priority: number } | null;
  }
  | { readonly verb: "flush chain" | "delete chain"; readonly chain: string }
  | {
    readonly verb: "add rule";
    readonly chain: string;
    readonly at: "head" | "tail";
    readonly expressions: readonly RuleStep[];
  }
  | { readonly verb: "delete rule"; readonly chain: string; readonly handle: bigint }
  /** With the flag timeout. Without `value` a set, else a map. Already there is no error where it is the same. */
  | {
    readonly verb: "add set";
    readonly set: string;
    readonly key: readonly DataType[];
    readonly value: readonly DataType[];
  }
  | { readonly verb: "delete set"; readonly set: string };
