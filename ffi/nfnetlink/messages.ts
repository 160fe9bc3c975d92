/** The nf_tables messages that are sent and understood, on top of the codec. Pure. */
import {
  type Attribute,
  be32Attribute,
  be64Attribute,
  type IncomingMessage,
  listAttributes,
  messageAttributes,
  nftType,
  type OutgoingMessage,
  readAttributes,
  readBe32,
  readBe64,
  readString,
  stringAttribute,
} from "./codec.ts";
import {
  NFNL_BATCH_GENID,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO,
  NFT_JUMP,
  NFT_MSG,
  NFTA,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  NLMSGERR_ATTR_MSG,
} from "./constants.ts";
import type { TableName } from "./ruleset.ts";

/** One step of a transaction on a set or map. */
export interface ElementChange extends TableName {
  readonly verb: "add" | "delete";
  readonly set: string;
  /** The bytes of the key, see `concatenate`. */
  readonly key: Uint8Array;
  /** The bytes that a map holds for the key. */
  readonly data?: Uint8Array;
  /** Milliseconds until the kernel removes it; without one it stays (or the set's default counts). */
  readonly timeoutMs?: number;
}

/** One element as the kernel tells it. */
export interface SetElement {
  readonly key: Uint8Array;
  readonly data: Uint8Array | null;
  /** Milliseconds left, or null when it has no timeout. */
  readonly remainingMs: number | null;
}

/** What one rule refers to: enough to see whether it is one of ours. */
export interface RuleReferences {
  readonly handle: bigint;
  /** Named sets and maps it looks things up in. */
  readonly sets: readonly string[];
  /** The chain it jumps to, unless it does not. */
  readonly jump: string | null;
}

/** The kernel's answer to one message; `code` 0 is success. */
export interface Acknowledgement {
  readonly seq: number;
  /** errno, positive. */
  readonly code: number;
  /** The kernel's own words, often empty. */
  readonly text: string;
}

/**
 * A transaction: all changes happen or none. With a generation the kernel refuses it (ERESTART) when the ruleset has
 * changed since. Messages are numbered from `seq`: the begin has `seq`, change i has `seq + 1 + i`; only the last one
 * asks for an answer, because the kernel answers every message that fails anyway.
 */
export function batchMessages(
  changes: readonly ElementChange[],
  seq: number,
  generation: number | null,
): readonly OutgoingMessage[] {
  const edge = { family: 0, flags: NLM_F_REQUEST, resId: NFNL_SUBSYS_NFTABLES };
  return [
    {
      ...edge,
      type: NFNL_MSG_BATCH_BEGIN,
      seq,
      attributes: generation === null ? [] : [be32Attribute(NFNL_BATCH_GENID, generation)],
    },
    ...changes.map((change, index) => elementMessage(change, seq + 1 + index, index === changes.length - 1)),
    { ...edge, type: NFNL_MSG_BATCH_END, seq: seq + 1 + changes.length },
  ];
}

function elementMessage(change: ElementChange, seq: number, acknowledge: boolean): OutgoingMessage {
  const adding = change.verb === "add";
  const element: Attribute[] = [
    { type: NFTA.elem.key, value: [{ type: NFTA.data.value, value: change.key }] },
  ];
  if (change.data) element.push({ type: NFTA.elem.data, value: [{ type: NFTA.data.value, value: change.data }] });
  if (change.timeoutMs !== undefined) element.push(be64Attribute(NFTA.elem.timeout, BigInt(change.timeoutMs)));
  return {
    type: nftType(adding ? NFT_MSG.newSetElem : NFT_MSG.delSetElem),
    flags: NLM_F_REQUEST | (adding ? NLM_F_CREATE : 0) | (acknowledge ? NLM_F_ACK : 0),
    seq,
    family: NFPROTO[change.family],
    attributes: [
      stringAttribute(NFTA.elemList.table, change.table),
      stringAttribute(NFTA.elemList.set, change.set),
      { type: NFTA.elemList.elements, value: [{ type: NFTA.listElem, value: element }] },
    ],
  };
}

/** Reads an error or acknowledgement; null for any other message. */
export function readAcknowledgement(message: IncomingMessage): Acknowledgement | null {
  if (message.type !== NLMSG_ERROR || message.body.length < 4 + 16) return null;
  const view = new DataView(message.body.buffer, message.body.byteOffset, message.body.byteLength);
  const code = Math.abs(view.getInt32(0, true));
  let text = "";
  if (message.flags & NLM_F_ACK_TLVS) {
    const requestSize = message.flags & NLM_F_CAPPED ? 16 : view.getUint32(4, true);
    text = readString(readAttributes(message.body.subarray(4 + ((requestSize + 3) & ~3))).get(NLMSGERR_ATTR_MSG));
  }
  // The header of the request is quoted behind the code: its sequence number is what counts.
  return { seq: view.getUint32(12, true), code, text };
}

/** The generation of a GETGEN answer. */
export function readGeneration(message: IncomingMessage): number | null {
  return message.type === nftType(NFT_MSG.newGen) ? readBe32(messageAttributes(message).get(NFTA.genId)) : null;
}

/** Elements of one message of a GETSETELEM dump. */
export function readElements(message: IncomingMessage): readonly SetElement[] {
  if (message.type !== nftType(NFT_MSG.newSetElem)) return [];
  const list = messageAttributes(message).get(NFTA.elemList.elements);
  if (list === undefined) return [];
  const elements: SetElement[] = [];
  for (const [, bytes] of listAttributes(list)) {
    const element = readAttributes(bytes);
    const key = readDatum(element.get(NFTA.elem.key));
    if (key === null) continue;
    const remaining = readBe64(element.get(NFTA.elem.expiration));
    elements.push({
      key,
      data: readDatum(element.get(NFTA.elem.data)),
      remainingMs: remaining === null ? null : Number(remaining),
    });
  }
  return elements;
}

function readDatum(bytes: Uint8Array | undefined): Uint8Array | null {
  return bytes === undefined ? null : readAttributes(bytes).get(NFTA.data.value)?.slice() ?? null;
}

/** What the rule of a GETRULE answer refers to; null for any other message. */
export function readRule(message: IncomingMessage): RuleReferences | null {
  if (message.type !== nftType(NFT_MSG.newRule)) return null;
  const attributes = messageAttributes(message);
  const sets: string[] = [];
  let jump: string | null = null;
  for (const [, bytes] of listAttributes(attributes.get(NFTA.rule.expressions) ?? new Uint8Array())) {
    const expression = readAttributes(bytes);
    const name = readString(expression.get(NFTA.expr.name));
    const data = readAttributes(expression.get(NFTA.expr.data) ?? new Uint8Array());
    if (name === "lookup") sets.push(readString(data.get(NFTA.lookup.set)));
    if (name === "immediate") jump = readJump(data.get(NFTA.immediate.data)) ?? jump;
  }
  return { handle: readBe64(attributes.get(NFTA.rule.handle)) ?? 0n, sets, jump };
}

function readJump(data: Uint8Array | undefined): string | null {
  const verdict = readAttributes(data ?? new Uint8Array()).get(NFTA.data.verdict);
  if (verdict === undefined) return null;
  const parts = readAttributes(verdict);
  return readBe32(parts.get(NFTA.verdict.code)) === NFT_JUMP ? readString(parts.get(NFTA.verdict.chain)) : null;
}

/** A change of the ruleset as the event socket tells it. */
export interface RulesetChange {
  /** `enum nf_tables_msg_types`. */
  readonly message: number;
  readonly portId: number;
  readonly table: string;
  /** Name of the set that the change is about, for changes of sets and their elements. */
  readonly set: string;
}

/** Reads an event; null for messages that are not nf_tables'. */
export function readChange(message: IncomingMessage): RulesetChange | null {
  if (message.type >> 8 !== NFNL_SUBSYS_NFTABLES) return null;
  const kind = message.type & 0xff;
  const attributes = messageAttributes(message);
  const aboutSet = kind === NFT_MSG.newSet || kind === NFT_MSG.delSet || kind === NFT_MSG.newSetElem ||
    kind === NFT_MSG.delSetElem;
  return {
    message: kind,
    portId: message.portId,
    // Attribute 1 is the table's name in every kind but the generation's.
    table: kind === NFT_MSG.newGen ? "" : readString(attributes.get(1)),
    set: aboutSet ? readString(attributes.get(2)) : "",
  };
}
