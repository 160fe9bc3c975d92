/**
 * The packet filter's own socket: transactions on set elements in tens of microseconds, whatever else the ruleset holds
 * (libnftables would read all of it first), reading back what is ours, and hearing of changes.
 */
import { E } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { encodeMessages, type IncomingMessage, nftType, readMessages, stringAttribute } from "./codec.ts";
import {
  NFPROTO,
  NFT_MSG,
  NFTA,
  NFTABLES_GROUP_BIT,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
} from "./constants.ts";
import {
  type Acknowledgement,
  batchMessages,
  type ElementChange,
  readAcknowledgement,
  readChange,
  readElements,
  readGeneration,
  readRule,
  type RuleReferences,
  type RulesetChange,
  type SetElement,
} from "./messages.ts";
import type { TableName } from "./ruleset.ts";
import { NET_ADMIN_HINT, openNetlinkSocket } from "./socket.ts";

/** A step of a transaction that the kernel refused. */
export interface Refusal {
  /** Which change; null when the transaction as a whole was refused. */
  readonly index: number | null;
  /** errno. */
  readonly code: number;
  readonly text: string;
}

/** What became of a transaction. */
export type BatchOutcome =
  | { readonly ok: true }
  /** The ruleset is no longer of the generation that the transaction was made for. Nothing was changed. */
  | { readonly ok: false; readonly stale: true }
  | { readonly ok: false; readonly stale: false; readonly refusals: readonly Refusal[] };

/** Requests to the packet filter. Every call is synchronous and throws {@link FfiError} where the socket itself fails. */
export interface Nfnetlink extends Disposable {
  /** The port id that stands in every {@link RulesetChange} that this socket caused. */
  readonly portId: number;
  /** The ruleset's generation: it grows by one with every transaction of anybody. */
  generation(): number;
  /** Runs one transaction; with `generation`, only on the ruleset of that generation. */
  transact(changes: readonly ElementChange[], generation: number | null): BatchOutcome;
  /** All elements of a set or map; null when there is no such set. */
  elements(set: TableName & { readonly set: string }): readonly SetElement[] | null;
  /** The rules of a chain in order; null when there is no such table or chain. */
  rules(chain: TableName & { readonly chain: string }): readonly RuleReferences[] | null;
  /** Whether the set or map is there. */
  hasSet(set: TableName & { readonly set: string }): boolean;
}

const RECEIVE_BUFFER = 1024 * 1024;
/** How often a dump is begun again because the ruleset changed while it ran. */
const DUMP_ATTEMPTS = 10;

/** Opens the request socket. Throws {@link FfiError} when the kernel has no nf_tables or the capability is missing. */
export function openNfnetlink(): Nfnetlink {
  const socket = openNetlinkSocket({ receiveBuffer: RECEIVE_BUFFER });
  let seq = 1;

  const receiveAll = (): IncomingMessage[] => {
    const messages: IncomingMessage[] = [];
    for (;;) {
      const received = socket.receive();
      if (received.kind === "overrun") throw protocolError("the kernel's answer did not fit the receive buffer", 0);
      if (received.kind === "empty") return messages;
      messages.push(...readMessages(received.bytes.slice()));
    }
  };

  const ask = (
    { message, flags }: { readonly message: number; readonly flags: number },
    name: TableName | null,
    attributes: [number, string][],
  ) => {
    const number = seq++;
    socket.send(encodeMessages([{
      type: nftType(message),
      flags: NLM_F_REQUEST | flags,
      seq: number,
      family: name === null ? 0 : NFPROTO[name.family],
      attributes: attributes.map(([type, text]) => stringAttribute(type, text)),
    }]));
    return receiveDump(number);
  };

  /** A dump's later parts are made while its earlier ones are read: reading goes on to its end. */
  const receiveDump = (number: number): IncomingMessage[] => receiveAll().filter((message) => message.seq === number);

  const dump = (message: number, name: TableName, attributes: [number, string][]): IncomingMessage[] | null => {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const answers = ask({ message, flags: NLM_F_DUMP }, name, attributes);
      const error = answers.map(readAcknowledgement).find((answer) => answer !== null && answer.code !== 0);
      if (error?.code === E.NOENT) return null;
      if (error) throw refused(error);
      const done = answers.findLast((answer) => answer.type === NLMSG_DONE);
      if (done === undefined) throw protocolError("a listing of the ruleset has no end", 0);
      if (answers.some((answer) => answer.flags & NLM_F_DUMP_INTR)) continue;
      const status = new DataView(done.body.buffer, done.body.byteOffset, done.body.byteLength).getInt32(0, true);
      if (status === -E.NOENT) return null;
      if (status < 0) throw protocolError("listing the ruleset failed", -status);
      return answers;
    }
    throw protocolError("the ruleset changes too fast to be read", 0);
  };

  return {
    portId: socket.portId,
    generation() {
      const answers = ask({ message: NFT_MSG.getGen, flags: 0 }, null, []);
      for (const answer of answers) {
        const generation = readGeneration(answer);
        if (generation !== null) return generation;
        const error = readAcknowledgement(answer);
        if (error !== null && error.code !== 0) throw refused(error);
      }
      throw protocolError("the kernel does not tell the ruleset's generation", 0);
    },
    transact(changes, generation) {
      if (changes.length === 0) return { ok: true };
      const first = seq;
      seq += changes.length + 2;
      socket.send(encodeMessages(batchMessages(changes, first, generation)));
      const answers = receiveAll().map(readAcknowledgement).filter((answer) => answer !== null);
      return outcomeOf(answers, first, changes.length);
    },
    elements: ({ set, ...name }) =>
      dump(NFT_MSG.getSetElem, name, [[NFTA.elemList.table, name.table], [NFTA.elemList.set, set]])
        ?.flatMap(readElements) ?? null,
    rules: ({ chain, ...name }) => {
      // A dump of a chain that is not there is merely empty.
      const found = ask({ message: NFT_MSG.getChain, flags: NLM_F_ACK }, name, [[NFTA.chain.table, name.table], [
        NFTA.chain.name,
        chain,
      ]]);
      if (!exists(found)) return null;
      return dump(NFT_MSG.getRule, name, [[NFTA.rule.table, name.table], [NFTA.rule.chain, chain]])
        ?.map(readRule).filter((rule) => rule !== null) ?? null;
    },
    hasSet: ({ set, ...name }) =>
      exists(
        ask({ message: NFT_MSG.getSet, flags: NLM_F_ACK }, name, [[NFTA.set.table, name.table], [NFTA.set.name, set]]),
      ),
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}

/** What the answers to a transaction mean. */
function outcomeOf(answers: readonly Acknowledgement[], first: number, count: number): BatchOutcome {
  const errors = answers.filter((answer) => answer.code !== 0);
  if (errors.some((error) => error.code === E.RESTART && error.seq === first)) return { ok: false, stale: true };
  if (errors.length === 0) {
    // No answer is not success: the last change asked for one.
    if (answers.some((answer) => answer.seq === first + count)) return { ok: true };
    throw protocolError("the kernel did not answer a transaction", 0);
  }
  const refusals = errors.map(({ seq, code, text }) => {
    const index = seq - first - 1;
    return { index: index >= 0 && index < count ? index : null, code, text };
  });
  return { ok: false, stale: false, refusals };
}

function exists(answers: readonly IncomingMessage[]): boolean {
  const error = answers.map(readAcknowledgement).find((answer) => answer !== null && answer.code !== 0);
  if (error && error.code !== E.NOENT) throw refused(error);
  return !error;
}

function refused({ code, text }: Acknowledgement): FfiError {
  return protocolError(`the kernel refused${text === "" ? "" : `: ${text}`}`, code);
}

function protocolError(what: string, code: number): FfiError {
  return new FfiError(`nfnetlink: ${what}${code === 0 ? "" : ` (errno ${code})`}`, {
    library: "nfnetlink",
    code,
    ...(code === E.PERM ? { hint: NET_ADMIN_HINT } : {}),
  });
}

/** Events about changes of the ruleset. */
export interface RulesetListener extends Disposable {
  /** Readable (POLLIN) when events wait. */
  readonly fd: number;
  /** Everything that is waiting; `lost` when some of it did not fit the buffer. Never waits. */
  drain(): { readonly changes: readonly RulesetChange[]; readonly lost: boolean };
}

/** Opens a socket that hears of every change of the ruleset. Throws {@link FfiError}. */
export function openRulesetListener(): RulesetListener {
  const socket = openNetlinkSocket({ groups: NFTABLES_GROUP_BIT, receiveBuffer: RECEIVE_BUFFER });
  return {
    fd: socket.fd,
    drain() {
      const changes: RulesetChange[] = [];
      let lost = false;
      for (;;) {
        const received = socket.receive();
        if (received.kind === "empty") return { changes, lost };
        if (received.kind === "overrun") lost = true;
        else changes.push(...readMessages(received.bytes).map(readChange).filter((change) => change !== null));
      }
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
