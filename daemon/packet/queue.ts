/** Packets that a rule of the packet filter hands over (ENABLE_NFQ_CAPTURE): where there is no libpcap (facts/packets 2). */
import { openPacketQueue } from "../../ffi/nfnetlink/packet_queue.ts";
import { viewFrame } from "../../lib/net/frame.ts";
import { type Batch, type Datagram, MAX_PAYLOAD, MIN_PAYLOAD, type PacketSource } from "./datagram.ts";
import { makeIpMemory, makeKeeper } from "./owned.ts";
import type { QueueSpec } from "./spec.ts";

/** Link type of packets that begin with their IP header (DLT_RAW). */
const RAW_IP = 12;
/** What the kernel keeps until the daemon has time, as for the other sources. */
const MOST_WAITING = 4096;
const BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Takes what is in the queue. Packets to this host go no further, as in the C daemon.
 *
 * @param clock Unix milliseconds, for packets without a time stamp of the kernel
 * @throws {FfiError} with a hint when the queue cannot be had
 * @tags allow-ffi
 */
export function openQueueSource({ port, queue }: QueueSpec, clock: () => number): PacketSource {
  const opened = openPacketQueue({ queue, maxLength: MOST_WAITING, receiveBuffer: BUFFER_BYTES });
  const keep = makeKeeper();
  const options = { minimum: MIN_PAYLOAD, maximum: MAX_PAYLOAD, toIp: makeIpMemory() };
  let received = 0;
  return {
    banner: [`Packets to UDP port ${port} are taken from netfilter queue ${queue}.`],
    fd: opened.fd,
    read(limit): Batch {
      const datagrams: Datagram[] = [];
      const taken = opened.drain(limit, (bytes, timestampMs) => {
        const view = viewFrame(bytes, RAW_IP, options);
        if (!view.ok) return;
        const { payload, ...facts } = view.value;
        datagrams.push({ ...facts, payload: keep(payload), receivedAt: timestampMs ?? clock() });
      });
      received += taken;
      return { datagrams, taken, more: taken >= limit, ended: false };
    },
    statistics: () => ({ received: received + opened.overruns, dropped: opened.overruns, interfaceDropped: 0 }),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}
