/** Transactions: changes of the ruleset as messages. Pure. */
import {
  type Attribute,
  be32Attribute,
  be64Attribute,
  nftType,
  type OutgoingMessage,
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
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./constants.ts";
import type { ElementChange, StructureChange } from "./ruleset.ts";
import { type Step, structureStep } from "./write_ruleset.ts";

/** A change of any kind. */
export type Change = ElementChange | StructureChange;

/**
 * A transaction: all changes happen or none. With a generation the kernel refuses it (ERESTART) when the ruleset has
 * changed since. Messages are numbered from `seq`: the begin has `seq`, change i has `seq + 1 + i`; only the last one
 * asks for an answer, because the kernel answers every message that fails anyway.
 */
export function batchMessages(
  changes: readonly Change[],
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
    ...changes.map((change, index) => {
      const { message, flags, attributes } = isElementChange(change)
        ? elementStep(change)
        : structureStep(change, index + 1);
      return {
        type: nftType(message),
        flags: NLM_F_REQUEST | flags | (index === changes.length - 1 ? NLM_F_ACK : 0),
        seq: seq + 1 + index,
        family: NFPROTO[change.family],
        attributes,
      };
    }),
    { ...edge, type: NFNL_MSG_BATCH_END, seq: seq + 1 + changes.length },
  ];
}

function isElementChange(change: Change): change is ElementChange {
  return change.verb === "add" || change.verb === "delete";
}

function elementStep(change: ElementChange): Step {
  const adding = change.verb === "add";
  const flags = change.onlyNew === true ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
  return {
    message: adding ? NFT_MSG.newSetElem : NFT_MSG.delSetElem,
    flags: adding ? flags : 0,
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
