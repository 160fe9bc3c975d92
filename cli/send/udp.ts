/** `-P udp`: one datagram from a connected socket; no answer is awaited. */
import { connectDatagram } from "../../ffi/libc/socket.ts";
import { findDestinations, tryEach } from "./destination.ts";
import type { SendReport, Target } from "./target.ts";

/** Sends the packet to the first address that has a route. */
export async function sendUdp(packet: string, target: Target): Promise<SendReport> {
  const bytes = new TextEncoder().encode(packet);
  return await tryEach(await findDestinations(target.host, target), (destination) => {
    using socket = connectDatagram(destination, { sourcePort: target.sourcePort });
    const bytesSent = socket.sendDatagram(bytes);
    return { bytesSent, remote: destination.text, port: target.port };
  });
}
