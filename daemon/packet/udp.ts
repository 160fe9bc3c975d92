/** Packets to a UDP port of our own (ENABLE_UDP_SERVER): needs no right to sniff (facts/packets 2). */
import { openDatagramServer, type ReceivedDatagram } from "../../ffi/libc/datagram_server.ts";
import type { Ip } from "../../lib/net/address.ts";
import { PROTO_NUMBER } from "../../lib/net/service.ts";
import { MAX_PAYLOAD, MIN_PAYLOAD } from "../packet/datagram.ts";
import { makeIpMemory } from "./owned.ts";
import type { Batch, Datagram, PacketSource } from "./datagram.ts";

/** Room for a burst while the daemon is busy with its files or the packet filter. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/** How to serve. */
export interface UdpSourceOptions {
  /** 0: a free one, for tests; the banner names it. */
  readonly port: number;
  /** Unix milliseconds, for datagrams without a time stamp of the kernel. */
  readonly clock: () => number;
  /** A bound socket that the service manager handed over: then `port` is the one it is bound to. */
  readonly inherited?: number;
}

/**
 * Listens on a UDP port of every own address, both families. Unlike the C program it knows the destination of each
 * datagram, and leaves out one that is too long instead of cutting it.
 *
 * @throws {FfiError} with a hint when the port cannot be had
 * @tags allow-ffi
 */
export function openUdpSource(options: UdpSourceOptions): PacketSource {
  const { inherited } = options;
  const server = openDatagramServer({
    port: options.port,
    bufferBytes: BUFFER_BYTES,
    longest: MAX_PAYLOAD,
    ...inherited === undefined ? {} : { inherited },
  });
  const port = server.port;
  const toIp = makeIpMemory();
  return {
    banner: [`Kicking off UDP server to listen on port ${port}.`],
    fd: server.fd,
    read(limit): Batch {
      const { datagrams, taken } = server.receive(limit, MIN_PAYLOAD);
      const read = datagrams.map((received) => toDatagram(received, { port, toIp, clock: options.clock }));
      return {
        datagrams: read,
        ...read.length === 0 ? {} : { remarks: () => read.map(remarkOf) },
        taken,
        more: taken === limit,
        ended: false,
      };
    },
    statistics: () => ({ ...server.statistics(), interfaceDropped: 0 }),
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}

function remarkOf({ payload, source }: Datagram): string {
  return `udp_server: Got UDP datagram (${payload.length} bytes) from: ${source.text}`;
}

interface Arrival {
  readonly port: number;
  readonly toIp: (bytes: Uint8Array) => Ip;
  readonly clock: () => number;
}

function toDatagram(received: ReceivedDatagram, { clock, port, toIp }: Arrival): Datagram {
  const { destination, payload, source, sourcePort, timestampMs } = received;
  return {
    payload,
    source: toIp(source),
    destination: destination === null ? null : toIp(destination),
    protocol: PROTO_NUMBER.udp,
    sourcePort,
    destinationPort: port,
    receivedAt: timestampMs ?? clock(),
  };
}
