/** Captures the SYNs that reach an interface, beside the capture of knocks, where a stanza asks for a system. */
import { openLiveCapture } from "../../ffi/pcap/capture.ts";
import type { PacketSource } from "../packet/datagram.ts";
import type { SynSpec } from "../packet/spec.ts";
import { createSynMemory } from "./memory.ts";
import { readSyn } from "./syn.ts";

/** libpcap does not look into TCP headers behind IPv6 by name: its flags stand 13 bytes behind the IP header of 40. */
const FILTER = "(ip and tcp[13] & 0x17 = 2) or (ip6 and ip6[6] = 6 and ip6[53] & 0x17 = 2)";

/** A SYN may carry data; one of more bytes is not seen. */
const SNAP_LENGTH = 1600;

/** The kernel's ring: about 600 frames. What a flood has no room for in it is lost, as it would be anyway. */
const RING_BYTES = 1024 * 1024;

/** Frames that are read before somebody is told what was seen. */
const MOST_AT_ONCE = 1024;

/**
 * A source that brings no packets: it remembers SYNs, and says on request who sent which. Before it answers it reads what
 * waits, because a knock may be looked at in the very turn in which its SYN came.
 *
 * @throws {FfiError} with a hint for the operator when the interface cannot be used
 * @tags allow-ffi
 */
export function openSynSource({ device, promiscuous, direction }: SynSpec, steady: () => number): PacketSource {
  const capture = openLiveCapture({
    ...{ device, promiscuous, direction },
    filter: FILTER,
    snaplen: SNAP_LENGTH,
    bufferBytes: RING_BYTES,
  });
  const memory = createSynMemory(steady);
  let failure: Error | null = null;

  function drain(limit: number): number {
    return capture.drain(limit, (bytes) => {
      const sent = readSyn(bytes, capture.linkType);
      if (sent !== null) memory.note(sent.source, sent.syn);
    });
  }

  /** What broke while somebody asked is told to whoever can mend it. */
  function throwFailure(): void {
    const broken = failure;
    failure = null;
    if (broken !== null) throw broken;
  }

  return {
    banner: [`Looking at TCP SYNs on interface: ${device}, for REQUIRE_OS`],
    fd: capture.fd,
    read(limit) {
      throwFailure();
      const more = drain(limit) === limit;
      return { datagrams: [], taken: 0, more, ended: false };
    },
    check() {
      throwFailure();
      return capture.check() === null ? [] : [`TCP SYNs on interface ${device} are seen again`];
    },
    statistics: () => capture.statistics(),
    synsOf({ bytes }) {
      try {
        if (failure === null) drain(MOST_AT_ONCE);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failure = error;
      }
      return memory.of(bytes);
    },
    [Symbol.dispose]: () => capture[Symbol.dispose](),
  };
}
