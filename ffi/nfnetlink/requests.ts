/** Asking the kernel about the ruleset over one socket, and its answers. Everything throws {@link FfiError} where it fails. */
import { E } from "../abi.ts";
import { FfiError } from "../errors.ts";
import {
  type Attribute,
  encodeMessages,
  type IncomingMessage,
  nftType,
  type OutgoingMessage,
  readMessages,
} from "./codec.ts";
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR } from "./constants.ts";
import { type Acknowledgement, readAcknowledgement } from "./answers.ts";
import { NET_ADMIN_HINT, type NetlinkSocket } from "./socket.ts";

/** A question. */
export interface Question {
  /** `enum nf_tables_msg_types`. */
  readonly message: number;
  /** `NFPROTO_*`; 0: all. */
  readonly family: number;
  readonly attributes: readonly Attribute[];
}

/** A socket that questions are asked on, one after the other. */
export interface Requests {
  /** Sends numbered messages, and returns every message that the kernel has for us then. */
  exchange(messages: (first: number) => readonly OutgoingMessage[]): readonly IncomingMessage[];
  /** Answers to a question about one thing; null where it is not there, which is one of the errno numbers `absent`. */
  ask(question: Question, absent?: readonly number[]): readonly IncomingMessage[] | null;
  /** All that there is of a kind, from one generation of the ruleset; null where the thing that holds it is not there. */
  dump(question: Question): readonly IncomingMessage[] | null;
  /**
   * The same bit by bit; returns whether all were of one generation. Nothing else may be asked until it has ended. Leaving
   * early is allowed.
   */
  slices(question: Question): Generator<readonly IncomingMessage[], boolean>;
}

/** How often a dump is begun again because the ruleset changed while it ran. */
const DUMP_ATTEMPTS = 10;
const LARGEST_START = 2 ** 31;

/** Asks on that socket. */
export function requestsOn(socket: NetlinkSocket): Requests {
  let next = 1;

  const exchange: Requests["exchange"] = (make) => {
    // The numbers on the wire have 32 bits, those of one exchange go up.
    if (next > LARGEST_START) next = 1;
    const first = next;
    const messages = make(first);
    next += messages.length;
    socket.send(encodeMessages(messages));
    return receiveAll(socket).filter(({ seq }) => seq >= first && seq < next);
  };

  const request = ({ message, family, attributes }: Question, flags: number) => (seq: number) => [
    { type: nftType(message), flags: NLM_F_REQUEST | flags, seq, family, attributes },
  ];

  return {
    exchange,
    ask(question, absent = [E.NOENT]) {
      const answers = exchange(request(question, NLM_F_ACK));
      // Silence is no answer: what is there is told or acknowledged, and what is not is an error.
      if (answers.length === 0) throw protocolError("the kernel did not answer", 0);
      const error = errorIn(answers);
      if (error === null) return answers;
      if (absent.includes(error.code)) return null;
      throw refused(error);
    },
    dump(question) {
      for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
        const answers = exchange(request(question, NLM_F_DUMP));
        const code = errorIn(answers)?.code ?? endOf(answers);
        if (code === null) throw protocolError("a listing of the ruleset has no end", 0);
        if (code === E.NOENT) return null;
        if (code !== 0) throw protocolError("listing the ruleset failed", code);
        if (!answers.some(isInterrupted)) return answers;
      }
      throw protocolError("the ruleset changes too fast to be read", 0);
    },
    *slices(question) {
      // The kernel makes no second dump for a socket before the first was read to its end.
      discardAll(socket);
      const number = next++;
      socket.send(encodeMessages(request(question, NLM_F_DUMP)(number)));
      let consistent = true;
      try {
        for (;;) {
          const answers = receiveOnce(socket).filter(({ seq }) => seq === number);
          consistent &&= !answers.some(isInterrupted);
          const code = errorIn(answers)?.code ?? endOf(answers);
          if (code !== null && code !== 0 && code !== E.NOENT) throw protocolError("listing the ruleset failed", code);
          yield answers;
          if (code !== null) return consistent;
        }
      } finally {
        discardAll(socket);
      }
    },
  };
}

/** A dump's later parts are made while its earlier ones are read: reading goes on to its end. */
function receiveAll(socket: NetlinkSocket): readonly IncomingMessage[] {
  const messages: IncomingMessage[] = [];
  let overrun = false;
  for (;;) {
    const received = socket.receive();
    if (received.kind === "empty") break;
    if (received.kind === "overrun") overrun = true;
    else messages.push(...readMessages(received.bytes.slice()));
  }
  if (overrun) throw protocolError("the kernel's answer did not fit the receive buffer", 0);
  return messages;
}

function discardAll(socket: NetlinkSocket): void {
  while (socket.receive().kind !== "empty");
}

function receiveOnce(socket: NetlinkSocket): readonly IncomingMessage[] {
  const received = socket.receive();
  if (received.kind === "overrun") throw protocolError("the kernel's answer did not fit the receive buffer", 0);
  if (received.kind === "empty") throw protocolError("a listing of the ruleset has no end", 0);
  return readMessages(received.bytes.slice());
}

function errorIn(answers: readonly IncomingMessage[]): Acknowledgement | null {
  for (const answer of answers) {
    const error = answer.type === NLMSG_ERROR ? readAcknowledgement(answer) : null;
    if (error !== null && error.code !== 0) return error;
  }
  return null;
}

/** errno of the end of a dump, 0 when all is well; null when there is no end among the answers. */
function endOf(answers: readonly IncomingMessage[]): number | null {
  const done = answers.findLast(({ type }) => type === NLMSG_DONE);
  if (done === undefined) return null;
  const { body } = done;
  return body.length < 4 ? 0 : Math.abs(new DataView(body.buffer, body.byteOffset, 4).getInt32(0, true));
}

function isInterrupted({ flags }: IncomingMessage): boolean {
  return (flags & NLM_F_DUMP_INTR) !== 0;
}

function refused({ code, text }: Acknowledgement): FfiError {
  return protocolError(`the kernel refused${text === "" ? "" : `: ${text}`}`, code);
}

/** The error for an answer that is none; `code`: errno, or 0. */
export function protocolError(what: string, code: number): FfiError {
  return new FfiError(`nfnetlink: ${what}${code === 0 ? "" : ` (errno ${code})`}`, {
    library: "nfnetlink",
    code,
    ...(code === E.PERM ? { hint: NET_ADMIN_HINT } : {}),
  });
}
