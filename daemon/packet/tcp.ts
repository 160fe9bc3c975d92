/**
 * A TCP port that lets clients send (ENABLE_TCP_SERVER): a packet over TCP comes only when its connection was accepted, and
 * is taken from the wire by the capture. Nothing is read here, and no connection costs more than its place.
 */
import { closeFd } from "../../ffi/libc/fd.ts";
import { openStreamListener } from "../../ffi/libc/stream_listener.ts";
import { ipFromBytes } from "../../lib/net/address.ts";
import type { Batch, PacketSource } from "./datagram.ts";

/** How long a connection is held, as in the C daemon: its packet has arrived by then. */
const HELD_MS = 1000;
/** Most connections at a time; one more ends the oldest. */
const MOST = 64;
/** Of what a connection sends the kernel keeps enough for one packet. */
const RECEIVE_BUFFER = 4096;
/** How long to leave them where they are when the system has no descriptor to spare. */
const PAUSE_MS = 1000;

/** How to serve. */
export interface TcpSourceOptions {
  /** 0: a free one, for tests; the banner names it. */
  readonly port: number;
  /** Milliseconds of a clock that is never set. */
  readonly steady: () => number;
}

/**
 * Listens on a TCP port of every own address, both families. It never has a packet.
 *
 * @throws {FfiError} with a hint when the port cannot be had
 * @tags allow-ffi
 */
export function openTcpSource({ port, steady }: TcpSourceOptions): PacketSource {
  const listener = openStreamListener({ port, backlog: MOST, receiveBuffer: RECEIVE_BUFFER });
  const held: { readonly fd: number; readonly until: number }[] = [];
  const endOldest = () => closeFd(held.shift()?.fd ?? -1);
  let paused = false;
  return {
    banner: [`Kicking off TCP server to listen on port ${listener.port}.`],
    get fd() {
      return paused ? null : listener.fd;
    },
    read(): Batch {
      const now = steady();
      while (held[0] !== undefined && held[0].until <= now) endOldest();
      const remarks: string[] = [];
      paused = false;
      while (remarks.length < MOST) {
        const accepted = listener.accept();
        paused = accepted.kind === "exhausted";
        if (accepted.kind !== "connection") break;
        remarks.push(`tcp_server: Got TCP connection from ${ipFromBytes(accepted.address).text}.`);
        held.push({ fd: accepted.fd, until: now + HELD_MS });
        if (held.length > MOST) endOldest();
      }
      const first = held[0];
      const again = paused ? PAUSE_MS : first === undefined ? null : Math.max(1, first.until - now);
      const more = remarks.length === MOST;
      return {
        datagrams: [],
        taken: 0,
        more,
        ended: false,
        remarks: () => remarks,
        ...again === null ? {} : { again },
      };
    },
    statistics: () => null,
    [Symbol.dispose]() {
      while (held.length > 0) endOldest();
      listener[Symbol.dispose]();
    },
  };
}
