/** Changes of tables, chains, rules and sets as messages, with the attributes that nft sends. Pure. */
import { type Attribute, be32Attribute, be64Attribute, stringAttribute } from "./codec.ts";
import { NFT_MSG, NFT_SET_FLAG, NFTA, NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO } from "./constants.ts";
import type { DataType, StructureChange } from "./ruleset.ts";
import { expressionsAttribute } from "./write_expressions.ts";

/** One message of a transaction, without what all have. */
export interface Step {
  /** `enum nf_tables_msg_types`. */
  readonly message: number;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
}

type Verb<Name extends StructureChange["verb"]> = Extract<StructureChange, { readonly verb: Name }>;

/** nft's number of a type, and the bytes of a value. */
const TYPES: Readonly<Record<DataType, { readonly number: number; readonly length: number }>> = {
  ipv4_addr: { number: 7, length: 4 },
  ipv6_addr: { number: 8, length: 16 },
  inet_proto: { number: 12, length: 1 },
  inet_service: { number: 13, length: 2 },
};
/** Bits of one type in the number of a concatenation. */
const TYPE_BITS = 6;
/** In which order nft shows the bytes of a key or value, for its user data; a concatenation has none. */
const BYTE_ORDER = { none: 0, host: 1, big: 2 } as const;
/** Records of a set's user data, as libnftnl numbers them. */
const USER_DATA = { keyByteOrder: 0, dataByteOrder: 1 } as const;

/** The message of a change. `number`: one that no other change of the transaction has. */
export function structureStep(change: StructureChange, number: number): Step {
  const { table } = change;
  switch (change.verb) {
    case "add table":
      return {
        message: NFT_MSG.newTable,
        flags: NLM_F_CREATE,
        attributes: [stringAttribute(NFTA.table.name, table), be32Attribute(NFTA.table.flags, 0)],
      };
    case "delete table":
      return { message: NFT_MSG.delTable, flags: 0, attributes: [stringAttribute(NFTA.table.name, table)] };
    case "add chain":
      return addChain(change);
    case "delete chain":
      return {
        message: NFT_MSG.delChain,
        flags: 0,
        attributes: [stringAttribute(NFTA.chain.table, table), stringAttribute(NFTA.chain.name, change.chain)],
      };
    case "flush chain":
      return { message: NFT_MSG.delRule, flags: 0, attributes: chainOfRule(change) };
    case "delete rule":
      return {
        message: NFT_MSG.delRule,
        flags: 0,
        attributes: [...chainOfRule(change), be64Attribute(NFTA.rule.handle, change.handle)],
      };
    case "add rule":
      return addRule(change);
    case "add set":
      return addSet(change, number);
    case "delete set":
      return {
        message: NFT_MSG.delSet,
        flags: 0,
        attributes: [stringAttribute(NFTA.set.table, table), stringAttribute(NFTA.set.name, change.set)],
      };
  }
}

function addChain({ table, chain, base }: Verb<"add chain">): Step {
  const names = [stringAttribute(NFTA.chain.table, table), stringAttribute(NFTA.chain.name, chain)];
  if (base === null) return { message: NFT_MSG.newChain, flags: NLM_F_CREATE, attributes: names };
  const hook = [
    be32Attribute(NFTA.hook.number, base.hook),
    be32Attribute(NFTA.hook.priority, base.priority),
  ];
  return {
    message: NFT_MSG.newChain,
    flags: NLM_F_CREATE,
    attributes: [...names, stringAttribute(NFTA.chain.type, base.type), { type: NFTA.chain.hook, value: hook }],
  };
}

function chainOfRule({ table, chain }: { readonly table: string; readonly chain: string }): readonly Attribute[] {
  return [stringAttribute(NFTA.rule.table, table), stringAttribute(NFTA.rule.chain, chain)];
}

function addRule(change: Verb<"add rule">): Step {
  return {
    message: NFT_MSG.newRule,
    // Inserted it stands at the head; the echo tells its handle.
    flags: NLM_F_CREATE | NLM_F_ECHO | (change.at === "tail" ? NLM_F_APPEND : 0),
    attributes: [...chainOfRule(change), expressionsAttribute(change.expressions)],
  };
}

function addSet({ table, set, key, value }: Verb<"add set">, number: number): Step {
  const isMap = value.length > 0;
  const data = isMap
    ? [be32Attribute(NFTA.set.dataType, typeNumber(value)), be32Attribute(NFTA.set.dataLength, lengthOf(value))]
    : [];
  return {
    message: NFT_MSG.newSet,
    flags: NLM_F_CREATE,
    attributes: [
      stringAttribute(NFTA.set.table, table),
      stringAttribute(NFTA.set.name, set),
      be32Attribute(NFTA.set.flags, NFT_SET_FLAG.timeout | (isMap ? NFT_SET_FLAG.map : 0)),
      be32Attribute(NFTA.set.keyType, typeNumber(key)),
      be32Attribute(NFTA.set.keyLength, lengthOf(key)),
      ...data,
      be32Attribute(NFTA.set.id, number),
      userData(
        [USER_DATA.keyByteOrder, byteOrder(key)],
        ...isMap ? [[USER_DATA.dataByteOrder, byteOrder(value)] as const] : [],
      ),
    ],
  };
}

function typeNumber(types: readonly DataType[]): number {
  return types.reduce((number, type) => number << TYPE_BITS | TYPES[type].number, 0);
}

/** Parts of a concatenation start on multiples of four bytes. */
function lengthOf(types: readonly DataType[]): number {
  const lengths = types.map((type) => TYPES[type].length);
  const [only = 0, ...more] = lengths;
  return more.length === 0 ? only : lengths.reduce((sum, length) => sum + ((length + 3) & ~3), 0);
}

function byteOrder(types: readonly DataType[]): number {
  if (types.length > 1) return BYTE_ORDER.none;
  return types[0] === "inet_proto" ? BYTE_ORDER.host : BYTE_ORDER.big;
}

/** What the kernel keeps for nft: records of type, length and a number in host order. */
function userData(...records: readonly (readonly [type: number, value: number])[]): Attribute {
  return {
    type: NFTA.set.userData,
    value: Uint8Array.from(records.flatMap(([type, value]) => [type, 4, value, 0, 0, 0])),
  };
}
