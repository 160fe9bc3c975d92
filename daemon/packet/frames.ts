/** From captured frames to datagrams: what pcap and capture files have in common. */
import type { Capture, FrameVisitor } from "../../ffi/pcap/frames.ts";
import { viewFrame } from "../../lib/net/frame.ts";
import { MAX_PAYLOAD, MIN_PAYLOAD } from "../packet/datagram.ts";
import { makeIpMemory, makeKeeper } from "./owned.ts";
import type { Batch, Datagram } from "./datagram.ts";

/**
 * The `read` of a source over this capture. When the capture breaks in the middle of a drain, what came before is handed
 * on first and the error is thrown by the next read.
 */
export function readFrames(capture: Pick<Capture, "drain" | "ended" | "linkType">): (limit: number) => Batch {
  const keep = makeKeeper();
  // What no SPA packet can be is left out before anything is built for it: a flood of it costs little.
  const options = { minimum: MIN_PAYLOAD, maximum: MAX_PAYLOAD, toIp: makeIpMemory() };
  let failure: unknown = null;
  return (limit) => {
    const datagrams: Datagram[] = [];
    let taken = 0;
    const look: FrameVisitor = (bytes, _wireLength, timestampMs) => {
      taken++;
      const view = viewFrame(bytes, capture.linkType, options);
      if (!view.ok) return;
      const { destination, destinationPort, payload, protocol, source, sourcePort } = view.value;
      datagrams.push({
        payload: keep(payload),
        source,
        destination,
        protocol,
        sourcePort,
        destinationPort,
        receivedAt: timestampMs,
      });
    };
    try {
      if (failure !== null) throw failure;
      capture.drain(limit, look);
    } catch (error) {
      failure = taken > 0 ? error : null;
      if (taken === 0) throw error;
    }
    const more = failure !== null || (taken === limit && !capture.ended);
    return { datagrams, taken, more, ended: capture.ended && !more };
  };
}
