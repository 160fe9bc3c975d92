/** What the kernel answers apart from the ruleset itself: success or errno, and the ruleset's generation. Pure. */
import { type IncomingMessage, nftType } from "./codec.ts";
import { NFT_MSG, NFTA, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, NLMSGERR_ATTR_MSG } from "./constants.ts";
import { be32At, BODY, find, textAt } from "./scan.ts";

/** The kernel's answer to one message; `code` 0 is success. */
export interface Acknowledgement {
  readonly seq: number;
  /** errno, positive. */
  readonly code: number;
  /** The kernel's own words, often empty. */
  readonly text: string;
}

/** Reads an error or acknowledgement; null for any other message. */
export function readAcknowledgement(message: IncomingMessage): Acknowledgement | null {
  if (message.type !== NLMSG_ERROR || message.body.length < 4 + 16) return null;
  const view = new DataView(message.body.buffer, message.body.byteOffset, message.body.byteLength);
  const code = Math.abs(view.getInt32(0, true));
  let text = "";
  if (message.flags & NLM_F_ACK_TLVS) {
    const requestSize = message.flags & NLM_F_CAPPED ? 16 : view.getUint32(4, true);
    // Without the request that is quoted before them, the attributes start where those of a body do.
    const rest = message.body.subarray(((requestSize + 3) & ~3) >>> 0);
    text = textAt(rest, find(rest, BODY, NLMSGERR_ATTR_MSG));
  }
  // The header of the request is quoted behind the code: its sequence number is what counts.
  return { seq: view.getUint32(12, true), code, text };
}

/** The generation of a GETGEN answer. */
export function readGeneration(message: IncomingMessage): number | null {
  return message.type === nftType(NFT_MSG.newGen) ? be32At(message.body, find(message.body, BODY, NFTA.genId)) : null;
}
