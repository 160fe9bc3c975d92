/** Hearing of changes of the ruleset. */
import { type IncomingMessage, readMessages } from "./codec.ts";
import {
  NFNL_SUBSYS_NFTABLES,
  NFT_MSG,
  NFTA,
  NFTABLES_GROUP,
  NFTABLES_GROUP_BIT,
  NLM_F_APPEND,
  NLM_F_CREATE,
  type TableFamily,
} from "./constants.ts";
import { familyOf, readChain, readElements, readTable } from "./read_ruleset.ts";
import { decodeExpressions } from "./expressions.ts";
import type { ChainInfo, Expression, SetElement, TableInfo } from "./ruleset.ts";
import { be64At, BODY, find, textAt } from "./scan.ts";
import { type NetlinkSocket, openNetlinkSocket, setMembership } from "./socket.ts";

/** A change of the ruleset as the event socket tells it. */
export interface RulesetChange {
  /** `enum nf_tables_msg_types`. */
  readonly message: number;
  /** Port of the socket that caused it. */
  readonly portId: number;
  /** Null for what belongs to no table, such as the number of the new generation. */
  readonly family: TableFamily | null;
  /** Empty where no table is named. */
  readonly table: string;
  /** The chain that it is about, or whose rule; else empty. */
  readonly chain: string;
  /** The set that it is about, or whose elements; else empty. */
  readonly set: string;
  /** Of the table, chain, rule or set that it is about. */
  readonly handle: bigint | null;
  /**
   * Of the rule that a new rule stands behind at the end of its transaction, which may have made that rule too; null where it
   * is the first or the last of its chain, which `append` tells, and for other changes.
   */
  readonly position: bigint | null;
  /** Whether a new rule was added behind others and not inserted before them. Without `position`: whether it is the last. */
  readonly append: boolean;
  /** Whether it is said at all where a new rule stands: kernels before 5.15 do not. */
  readonly placed: boolean;
  /**
   * What a new rule does, or one that is gone, where the kernel still says it; empty for other changes. Decoded when asked
   * for, because a flush makes as many changes as there were rules.
   */
  expressions(): readonly Expression[];
  /** Elements that are new or gone; empty for other changes. */
  elements(): readonly SetElement[];
  /** The table that is new or has changed; null for other changes. */
  tableInfo(): TableInfo | null;
  /** The chain that is new or has changed; null for other changes. */
  chainInfo(): ChainInfo | null;
}

/** Where a kind of message names chain, set and handle. The table is attribute 1 of every kind but the generation's. */
interface Names {
  readonly table?: number;
  readonly chain?: number;
  readonly set?: number;
  readonly handle?: number;
}

const NAMES: ReadonlyMap<number, Names> = new Map<number, Names>([
  [NFT_MSG.newTable, { table: NFTA.table.name, handle: NFTA.table.handle }],
  [NFT_MSG.delTable, { table: NFTA.table.name, handle: NFTA.table.handle }],
  [NFT_MSG.newChain, { table: NFTA.chain.table, chain: NFTA.chain.name, handle: NFTA.chain.handle }],
  [NFT_MSG.delChain, { table: NFTA.chain.table, chain: NFTA.chain.name, handle: NFTA.chain.handle }],
  [NFT_MSG.newRule, { table: NFTA.rule.table, chain: NFTA.rule.chain, handle: NFTA.rule.handle }],
  [NFT_MSG.delRule, { table: NFTA.rule.table, chain: NFTA.rule.chain, handle: NFTA.rule.handle }],
  [NFT_MSG.newSet, { table: NFTA.set.table, set: NFTA.set.name, handle: NFTA.set.handle }],
  [NFT_MSG.delSet, { table: NFTA.set.table, set: NFTA.set.name, handle: NFTA.set.handle }],
  [NFT_MSG.newSetElem, { table: NFTA.elemList.table, set: NFTA.elemList.set }],
  [NFT_MSG.delSetElem, { table: NFTA.elemList.table, set: NFTA.elemList.set }],
  [NFT_MSG.newGen, {}],
]);
/** Objects (counters, quotas) and flowtables: the table is all that is looked at. */
const OTHERS: Names = { table: 1 };

/** Reads an event; null for messages that are not nf_tables'. Keeps the message's bytes. */
export function readChange(message: IncomingMessage): RulesetChange | null {
  if (message.type >> 8 !== NFNL_SUBSYS_NFTABLES) return null;
  const kind = message.type & 0xff;
  const names = NAMES.get(kind) ?? OTHERS;
  const { body } = message;
  const text = (type: number | undefined) => type === undefined ? "" : textAt(body, find(body, BODY, type));
  return {
    message: kind,
    portId: message.portId,
    family: familyOf(message),
    table: text(names.table),
    chain: text(names.chain),
    set: text(names.set),
    handle: names.handle === undefined ? null : be64At(body, find(body, BODY, names.handle)),
    position: kind === NFT_MSG.newRule ? be64At(body, find(body, BODY, NFTA.rule.position)) : null,
    append: kind === NFT_MSG.newRule && (message.flags & NLM_F_APPEND) !== 0,
    // The flags of the request are told since the same version.
    placed: kind === NFT_MSG.newRule && (message.flags & (NLM_F_CREATE | NLM_F_APPEND)) !== 0,
    expressions: () =>
      kind === NFT_MSG.newRule || kind === NFT_MSG.delRule
        ? decodeExpressions(body, find(body, BODY, NFTA.rule.expressions))
        : [],
    elements: () => readElements(message),
    tableInfo: () => readTable(message),
    chainInfo: () => readChain(message),
  };
}

/** Events about changes of the ruleset. */
export interface RulesetListener extends Disposable {
  /** Readable (POLLIN) when events wait. */
  readonly fd: number;
  /** Everything that is waiting; `lost` when some of it did not fit the buffer. Never waits. Throws `FfiError`. */
  drain(): { readonly changes: readonly RulesetChange[]; readonly lost: boolean };
}

const RECEIVE_BUFFER = 1024 * 1024;

/** Opens a socket that hears of every change of the ruleset. Throws `FfiError`. */
export function openRulesetListener(): RulesetListener {
  return listenerOn(openNetlinkSocket({ groups: NFTABLES_GROUP_BIT, receiveBuffer: RECEIVE_BUFFER }));
}

/** A listener for moments: in between it hears nothing, and nothing is kept for it. */
export interface MomentaryListener extends RulesetListener {
  /** What is told from now on is heard, and nothing from before. Throws `FfiError`. */
  begin(): void;
  /** Nothing is heard any more. Throws `FfiError`. */
  end(): void;
}

/**
 * Opens one. To close a socket for each moment would be dear: the kernel (6.x) lets whoever closes one wait until what was
 * deleted from the ruleset is given back, which can take 10 ms. Throws `FfiError`.
 */
export function openMomentaryListener(): MomentaryListener {
  const socket = openNetlinkSocket({ receiveBuffer: RECEIVE_BUFFER });
  const listener = listenerOn(socket);
  return {
    ...listener,
    begin() {
      listener.drain();
      setMembership(socket, NFTABLES_GROUP, true);
    },
    end: () => setMembership(socket, NFTABLES_GROUP, false),
  };
}

function listenerOn(socket: NetlinkSocket): RulesetListener {
  return {
    fd: socket.fd,
    drain() {
      const changes: RulesetChange[] = [];
      let lost = false;
      for (;;) {
        const received = socket.receive();
        if (received.kind === "empty") return { changes, lost };
        if (received.kind === "overrun") {
          lost = true;
          continue;
        }
        // A copy: a change is often looked at after the next datagram was received.
        for (const message of readMessages(received.bytes.slice())) {
          const change = readChange(message);
          if (change !== null) changes.push(change);
        }
      }
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
