/** The nf_tables messages that are sent and understood, on top of the codec. Pure. */
import {
  type Attribute,
  be32Attribute,
  be64Attribute,
  type IncomingMessage,
  messageAttributes,
  nftType,
  type OutgoingMessage,
  readAttributes,
  readBe32,
  readString,
  stringAttribute,
} from "./codec.ts";
import {
  NFNL_BATCH_GENID,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO,
  NFT_ELEMENT_FLAG,
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
import type { ElementChange } from "./ruleset.ts";

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
  return {
    type: nftType(adding ? NFT_MSG.newSetElem : NFT_MSG.delSetElem),
    flags: NLM_F_REQUEST | (adding ? NLM_F_CREATE : 0) | (acknowledge ? NLM_F_ACK : 0),
    seq,
    family: NFPROTO[change.family],
    attributes: [
      stringAttribute(NFTA.elemList.table, change.table),
      stringAttribute(NFTA.elemList.set, change.set),
      { type: NFTA.elemList.elements, value: [elementAttribute(change)] },
    ],
  };
}

/** One element in a list of them. */
export function elementAttribute(element: Pick<ElementChange, "key" | "data" | "timeoutMs"> | "catchall"): Attribute {
  if (element === "catchall") {
    return { type: NFTA.listElem, value: [be32Attribute(NFTA.elem.flags, NFT_ELEMENT_FLAG.catchall)] };
  }
  const { key, data, timeoutMs } = element;
  const value: Attribute[] = [{ type: NFTA.elem.key, value: [{ type: NFTA.data.value, value: key }] }];
  if (data) value.push({ type: NFTA.elem.data, value: [{ type: NFTA.data.value, value: data }] });
  if (timeoutMs !== undefined) value.push(be64Attribute(NFTA.elem.timeout, BigInt(timeoutMs)));
  return { type: NFTA.listElem, value };
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
