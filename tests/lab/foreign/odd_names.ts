/**
 * Makes a table that drops, with names that nft's own language cannot write: the program for it, to be run on the server.
 * The kernel takes any bytes but NUL, up to 255 of them.
 */
import { be32Attribute, encodeMessages, nftType, readMessages, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import {
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO,
  NFT_MSG,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
} from "../../../ffi/nfnetlink/constants.ts";
import { readAcknowledgement } from "../../../ffi/nfnetlink/answers.ts";
import { openNetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";

const NF_INET_LOCAL_IN = 1, NF_DROP = 0;
const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN = { table: 1, name: 3, hook: 4, policy: 5, type: 7 } as const;
const NFTA_HOOK = { number: 1, priority: 2 } as const;

/** The argument vector that makes `table inet TABLE` with the base chain CHAIN (input, policy drop). */
export function oddNames(table: string, chain: string): readonly string[] {
  return [Deno.execPath(), "run", "--no-lock", "--no-check", "-A", new URL(import.meta.url).pathname, table, chain];
}

function makeDroppingChain(table: string, chain: string): void {
  using socket = openNetlinkSocket({ receiveBuffer: 65_536 });
  const edge = { family: 0, flags: NLM_F_REQUEST, resId: NFNL_SUBSYS_NFTABLES };
  const step = { family: NFPROTO.inet, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK };
  socket.send(encodeMessages([
    { ...edge, type: NFNL_MSG_BATCH_BEGIN, seq: 1 },
    { ...step, type: nftType(NFT_MSG.newTable), seq: 2, attributes: [stringAttribute(NFTA_TABLE_NAME, table)] },
    {
      ...step,
      type: nftType(NFT_MSG.newChain),
      seq: 3,
      attributes: [
        stringAttribute(NFTA_CHAIN.table, table),
        stringAttribute(NFTA_CHAIN.name, chain),
        {
          type: NFTA_CHAIN.hook,
          value: [be32Attribute(NFTA_HOOK.number, NF_INET_LOCAL_IN), be32Attribute(NFTA_HOOK.priority, 0)],
        },
        be32Attribute(NFTA_CHAIN.policy, NF_DROP),
        stringAttribute(NFTA_CHAIN.type, "filter"),
      ],
    },
    { ...edge, type: NFNL_MSG_BATCH_END, seq: 4 },
  ]));
  for (let received = socket.receive(); received.kind === "bytes"; received = socket.receive()) {
    for (const answer of readMessages(received.bytes).map(readAcknowledgement)) {
      if (answer !== null && answer.code !== 0) throw new Error(`errno ${answer.code} ${answer.text}`);
    }
  }
}

if (import.meta.main) makeDroppingChain(Deno.args[0]!, Deno.args[1]!);
