/**
 * A netfilter queue: packets that a rule of the packet filter hands to this program, which says what becomes of each
 * (linux/netfilter/nfnetlink_queue.h). Whoever asks for one that is not bound to its end has lost the packets in it.
 */
import { E } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { readAcknowledgement } from "./answers.ts";
import { type Attribute, be32Attribute, encodeMessages, type OutgoingMessage, readMessages } from "./codec.ts";
import { NLM_F_ACK, NLM_F_REQUEST } from "./constants.ts";
import { be32At, be64At, BODY, bytesAt, find } from "./scan.ts";
import { NET_ADMIN_HINT, type NetlinkSocket, openNetlinkSocket } from "./socket.ts";

/** NFNL_SUBSYS_QUEUE */
const QUEUE = 3 << 8;
/** `enum nfqnl_msg_types` */
const PACKET = QUEUE | 0, VERDICT = QUEUE | 1, CONFIG = QUEUE | 2;
/** `enum nfqnl_attr_type` */
const NFQA = { packetHeader: 1, verdict: 2, timestamp: 4, payload: 10 } as const;
/** `enum nfqnl_attr_config` */
const NFQA_CFG = { command: 1, parameters: 2, maxLength: 3 } as const;
/** Of `struct nfqnl_msg_config_cmd` and `struct nfqnl_msg_config_params`. */
const BIND = 1, COPY_PACKET = 2;
/** NF_INET_LOCAL_IN */
const LOCAL_IN = 1;
const NF_DROP = 0, NF_ACCEPT = 1;

/** One packet of the queue, from its IP header on. `bytes` is valid during the call only. */
export type QueuedPacketVisitor = (bytes: Uint8Array, timestampMs: number | null) => void;

/** An open queue. Disposal gives it back; packets that are in it then are dropped. */
export interface PacketQueue extends Disposable {
  /** Readable (POLLIN) when packets wait. */
  readonly fd: number;
  /** Messages that the kernel could not hand over, because nobody took them in time. */
  readonly overruns: number;
  /**
   * Shows at least `limit` packets, or all that wait, and a few more where the kernel hands over several at once; returns how
   * many. As in the C daemon one that is on its way in to this host goes no further, and any other goes on.
   *
   * Throws {@link FfiError} when the socket is broken.
   */
  drain(limit: number, visit: QueuedPacketVisitor): number;
}

/** What to open. */
export interface PacketQueueOptions {
  /** Its number: that of the rule's `--queue-num`. */
  readonly queue: number;
  /** Packets that the kernel keeps until they are taken; what comes then is dropped. */
  readonly maxLength: number;
  /** Receive buffer in bytes. */
  readonly receiveBuffer: number;
}

/**
 * Binds a queue.
 *
 * @throws {FfiError} with a hint: the capability is missing, another program has it, the kernel has no queues
 * @tags allow-ffi
 */
export function openPacketQueue({ maxLength, queue, receiveBuffer }: PacketQueueOptions): PacketQueue {
  const socket = openNetlinkSocket({ receiveBuffer });
  try {
    configure(socket, queue, [{ type: NFQA_CFG.command, value: Uint8Array.of(BIND, 0, 0, 0) }]);
    configure(socket, queue, [
      { type: NFQA_CFG.parameters, value: Uint8Array.of(0, 0, 0xff, 0xff, COPY_PACKET) },
      be32Attribute(NFQA_CFG.maxLength, maxLength),
    ]);
    return new OpenQueue(socket, queue);
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** Sends one configuration message and reads its acknowledgement, before which packets may come. */
function configure(socket: NetlinkSocket, queue: number, attributes: readonly Attribute[]): void {
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  socket.send(encodeMessages([{ type: CONFIG, flags, seq: 1, family: 0, resId: queue, attributes }]));
  for (;;) {
    const received = socket.receive();
    if (received.kind === "empty") throw refused(queue, 0);
    if (received.kind !== "bytes") continue;
    for (const message of readMessages(received.bytes)) {
      const answer = readAcknowledgement(message);
      if (answer === null) continue;
      if (answer.code !== 0) throw refused(queue, answer.code);
      return;
    }
  }
}

function refused(queue: number, code: number): FfiError {
  const hint = code === E.PERM
    ? `${NET_ADMIN_HINT}; a queue that another program has looks the same: name another with NFQ_QUEUE_NUMBER`
    : code === E.BUSY || code === E.EXIST
    ? "another program has it: name another with NFQ_QUEUE_NUMBER"
    : "the kernel needs the module nfnetlink_queue";
  return new FfiError(`Cannot use netfilter queue ${queue}: errno ${code}`, {
    library: "libc",
    symbol: "sendto",
    code,
    hint,
  });
}

class OpenQueue implements PacketQueue {
  readonly #socket: NetlinkSocket;
  readonly #queue: number;
  #overruns = 0;

  constructor(socket: NetlinkSocket, queue: number) {
    this.#socket = socket;
    this.#queue = queue;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get overruns(): number {
    return this.#overruns;
  }

  drain(limit: number, visit: QueuedPacketVisitor): number {
    let taken = 0;
    while (taken < limit) {
      const received = this.#socket.receive();
      if (received.kind === "empty") break;
      if (received.kind === "overrun") {
        this.#overruns++;
        continue;
      }
      const verdicts: OutgoingMessage[] = [];
      for (const { type, body } of readMessages(received.bytes)) {
        const id = type === PACKET ? be32At(body, find(body, BODY, NFQA.packetHeader)) : null;
        if (id === null) continue;
        taken++;
        verdicts.push(verdictOn(id, hookOf(body), this.#queue));
        const payload = bytesAt(body, find(body, BODY, NFQA.payload));
        if (payload !== null) visit(payload, timestampOf(body));
      }
      if (verdicts.length > 0) this.#socket.send(encodeMessages(verdicts));
    }
    return taken;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function verdictOn(id: number, hook: number | null, queue: number): OutgoingMessage {
  const value = new Uint8Array(8);
  const view = new DataView(value.buffer);
  view.setUint32(0, hook === LOCAL_IN ? NF_DROP : NF_ACCEPT);
  view.setUint32(4, id);
  const attributes = [{ type: NFQA.verdict, value }];
  return { type: VERDICT, flags: NLM_F_REQUEST, seq: 0, family: 0, resId: queue, attributes };
}

/** The last byte of `struct nfqnl_msg_packet_hdr`: be32 id, be16 protocol, u8 hook. */
function hookOf(body: Uint8Array): number | null {
  return bytesAt(body, find(body, BODY, NFQA.packetHeader))?.[6] ?? null;
}

/** `struct nfqnl_msg_packet_timestamp`: be64 seconds, be64 microseconds. The kernel tells only where something asked for it. */
function timestampOf(body: Uint8Array): number | null {
  const place = find(body, BODY, NFQA.timestamp);
  const seconds = be64At(body, place);
  if (seconds === null) return null;
  const bytes = bytesAt(body, place);
  if (bytes === null || bytes.length < 16) return null;
  const micros = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8);
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
