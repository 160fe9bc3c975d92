/** A socket whose kernel is a function. */
import { encodeMessages, type IncomingMessage, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import type { NetlinkSocket, Received } from "../../../ffi/nfnetlink/socket.ts";

/** What the kernel says to one datagram: datagrams of its own, or that its answer did not fit. */
export type Reply = readonly (Uint8Array | "overrun")[];

/** A socket, and what was sent over it. */
export interface FakeSocket extends NetlinkSocket {
  readonly sent: readonly (readonly IncomingMessage[])[];
}

/** Answers each datagram with what `kernel` makes of its messages. The bytes of a receive are overwritten by the next. */
export function fakeSocket(kernel: (messages: readonly IncomingMessage[]) => Reply): FakeSocket {
  const sent: (readonly IncomingMessage[])[] = [];
  const waiting: (Uint8Array | "overrun")[] = [];
  const buffer = new Uint8Array(16_384);
  return {
    fd: 3,
    portId: 77,
    sent,
    send(bytes) {
      const messages = readMessages(bytes.slice());
      sent.push(messages);
      waiting.push(...kernel(messages));
    },
    receive(): Received {
      const next = waiting.shift();
      buffer.fill(0xee);
      if (next === undefined) return { kind: "empty" };
      if (next === "overrun") return { kind: "overrun" };
      buffer.set(next);
      return { kind: "bytes", bytes: buffer.subarray(0, next.length) };
    },
    [Symbol.dispose]() {},
  };
}

/** Messages as one datagram, as the kernel sends it to that request. */
export function datagram(
  seq: number,
  ...messages: readonly Pick<IncomingMessage, "type" | "flags" | "body">[]
): Uint8Array {
  const parts = messages.map(({ type, flags, body }) => {
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, 16 + body.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, seq, true);
    return [...header, ...body, ...new Uint8Array(-body.length & 3)];
  });
  return Uint8Array.from(parts.flat());
}

/** An acknowledgement, or an error with that errno, of the request with that number. */
export function acknowledgement(seq: number, code = 0): Uint8Array {
  const body = new Uint8Array(20);
  const view = new DataView(body.buffer);
  view.setInt32(0, -code, true);
  view.setUint32(12, seq, true);
  return datagram(seq, { type: 2, flags: 0x100, body });
}

/** The end of a dump. */
export function done(seq: number, code = 0, flags = 2): Uint8Array {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setInt32(0, -code, true);
  return datagram(seq, { type: 3, flags, body });
}

/** One message in a datagram, with attributes. */
export function told(
  seq: number,
  type: number,
  attributes: Parameters<typeof encodeMessages>[0][number]["attributes"],
) {
  return encodeMessages([{ type, flags: 2, seq, family: 1, ...attributes ? { attributes } : {} }]);
}
