/** Tables, chains, rules and sets from the messages that tell them. Null for messages that do not. Pure. */
import { type IncomingMessage, nftType } from "./codec.ts";
import {
  NFPROTO,
  NFT_ELEMENT_FLAG,
  NFT_MSG,
  NFT_SET_FLAG,
  NFT_TABLE_FLAG,
  NFTA,
  type TableFamily,
} from "./constants.ts";
import { decodeExpressions, decodeValue, decodeVerdict } from "./expressions.ts";
import type { BaseChainInfo, ChainInfo, ChainName, RuleInfo, SetElement, SetInfo, TableInfo } from "./ruleset.ts";
import { be32At, be64At, BODY, entries, find, NOWHERE, textAt, typeAt } from "./scan.ts";

const FAMILIES: ReadonlyMap<number, TableFamily> = new Map(
  (Object.keys(NFPROTO) as TableFamily[]).map((family) => [NFPROTO[family], family]),
);

/** The family that a message is about; null when tables have none of that number. */
export function familyOf({ body }: IncomingMessage): TableFamily | null {
  return FAMILIES.get(body[0] ?? 0) ?? null;
}

/** A table of a GETTABLE answer or an event. */
export function readTable(message: IncomingMessage): TableInfo | null {
  const { body } = message;
  const family = familyOf(message);
  if (family === null || message.type !== nftType(NFT_MSG.newTable)) return null;
  const flags = be32At(body, find(body, BODY, NFTA.table.flags)) ?? 0;
  return {
    family,
    table: textAt(body, find(body, BODY, NFTA.table.name)),
    handle: be64At(body, find(body, BODY, NFTA.table.handle)) ?? 0n,
    dormant: (flags & NFT_TABLE_FLAG.dormant) !== 0,
    owner: (flags & NFT_TABLE_FLAG.owner) === 0 ? null : be32At(body, find(body, BODY, NFTA.table.owner)) ?? 0,
  };
}

/** A chain of a GETCHAIN answer or an event. */
export function readChain(message: IncomingMessage): ChainInfo | null {
  const { body } = message;
  const family = familyOf(message);
  if (family === null || message.type !== nftType(NFT_MSG.newChain)) return null;
  return {
    family,
    table: textAt(body, find(body, BODY, NFTA.chain.table)),
    chain: textAt(body, find(body, BODY, NFTA.chain.name)),
    handle: be64At(body, find(body, BODY, NFTA.chain.handle)) ?? 0n,
    base: readBase(body),
  };
}

function readBase(body: Uint8Array): BaseChainInfo | null {
  const hook = find(body, BODY, NFTA.chain.hook);
  const number = be32At(body, find(body, hook, NFTA.hook.number));
  if (number === null) return null;
  return {
    type: textAt(body, find(body, BODY, NFTA.chain.type)),
    hook: number,
    // Signed: most chains of hooks stand before 0.
    priority: (be32At(body, find(body, hook, NFTA.hook.priority)) ?? 0) | 0,
    policy: be32At(body, find(body, BODY, NFTA.chain.policy)) === 0 ? "drop" : "accept",
    devices: readDevices(body, hook),
  };
}

/** One device, or a list of them; some kernels tell the first in both ways. */
function readDevices(body: Uint8Array, hook: number): readonly string[] {
  const one = find(body, hook, NFTA.hook.device);
  const devices = new Set(one === NOWHERE ? [] : [textAt(body, one)]);
  for (const place of entries(body, find(body, hook, NFTA.hook.devices))) {
    devices.add(textAt(body, place) + (typeAt(body, place) === NFTA.device.prefix ? "*" : ""));
  }
  return [...devices];
}

/** A rule of a GETRULE answer. Its byte arrays are views of the message. `chain`: where it is known to be. */
export function readRule(message: IncomingMessage, chain?: ChainName): RuleInfo | null {
  const { body } = message;
  if (message.type !== nftType(NFT_MSG.newRule)) return null;
  const at = chain ?? readChainName(message);
  if (at === null) return null;
  return {
    family: at.family,
    table: at.table,
    chain: at.chain,
    handle: be64At(body, find(body, BODY, NFTA.rule.handle)) ?? 0n,
    expressions: decodeExpressions(body, find(body, BODY, NFTA.rule.expressions)),
  };
}

/** The handle of a rule of a GETRULE answer or an echo. */
export function readRuleHandle({ type, body }: IncomingMessage): bigint | null {
  return type === nftType(NFT_MSG.newRule) ? be64At(body, find(body, BODY, NFTA.rule.handle)) : null;
}

function readChainName(message: IncomingMessage): ChainName | null {
  const { body } = message;
  const family = familyOf(message);
  if (family === null) return null;
  return {
    family,
    table: textAt(body, find(body, BODY, NFTA.rule.table)),
    chain: textAt(body, find(body, BODY, NFTA.rule.chain)),
  };
}

/** A set or map of a GETSET answer. */
export function readSet(message: IncomingMessage): SetInfo | null {
  const { body } = message;
  const family = familyOf(message);
  if (family === null || message.type !== nftType(NFT_MSG.newSet)) return null;
  const flags = be32At(body, find(body, BODY, NFTA.set.flags)) ?? 0;
  return {
    family,
    table: textAt(body, find(body, BODY, NFTA.set.table)),
    set: textAt(body, find(body, BODY, NFTA.set.name)),
    handle: be64At(body, find(body, BODY, NFTA.set.handle)) ?? 0n,
    map: (flags & NFT_SET_FLAG.map) !== 0,
    anonymous: (flags & NFT_SET_FLAG.anonymous) !== 0,
    interval: (flags & NFT_SET_FLAG.interval) !== 0,
    keyLength: be32At(body, find(body, BODY, NFTA.set.keyLength)) ?? 0,
  };
}

/** The elements of one message of a GETSETELEM answer, or of an event; their bytes are copies. */
export function readElements({ type, body }: IncomingMessage): readonly SetElement[] {
  if (type !== nftType(NFT_MSG.newSetElem) && type !== nftType(NFT_MSG.delSetElem)) return [];
  return entries(body, find(body, BODY, NFTA.elemList.elements)).map((place) => readElement(body, place))
    .filter((element) => element !== null);
}

function readElement(body: Uint8Array, place: number): SetElement | null {
  const flags = be32At(body, find(body, place, NFTA.elem.flags)) ?? 0;
  const catchall = (flags & NFT_ELEMENT_FLAG.catchall) !== 0;
  const key = decodeValue(body, find(body, place, NFTA.elem.key));
  if (key === null && !catchall) return null;
  const datum = find(body, place, NFTA.elem.data);
  const remaining = be64At(body, find(body, place, NFTA.elem.expiration));
  return {
    kind: catchall ? "catchall" : (flags & NFT_ELEMENT_FLAG.intervalEnd) !== 0 ? "interval end" : "element",
    key: key?.slice() ?? new Uint8Array(),
    keyEnd: decodeValue(body, find(body, place, NFTA.elem.keyEnd))?.slice() ?? null,
    data: decodeValue(body, datum)?.slice() ?? null,
    verdict: decodeVerdict(body, datum),
    remainingMs: remaining === null ? null : Number(remaining),
  };
}
