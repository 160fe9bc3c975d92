/** The table of transports. All but udp are loaded when they are used: the ordinary knock must start fast. */
import { FfiError } from "../../ffi/errors.ts";
import { type Sender, SendError, type SendProto, type SendReport, type Target } from "./target.ts";
import { sendUdp } from "./udp.ts";

export { SendError, type SendProto, type SendReport, type Target };

const SENDERS: Readonly<Record<SendProto, () => Promise<Sender> | Sender>> = {
  udp: () => sendUdp,
  tcp: async () => (await import("./tcp.ts")).sendTcp,
  http: async () => (await import("./http.ts")).sendHttp,
  udpraw: async () => (await import("./raw.ts")).sendUdpRaw,
  tcpraw: async () => (await import("./raw.ts")).sendTcpRaw,
  icmp: async () => (await import("./raw.ts")).sendIcmp,
};

/**
 * Sends one packet (the WIRE text) by the transport named.
 *
 * @throws SendError when it did not leave; the message is one sentence with the cause
 */
export async function sendPacket(proto: SendProto, packet: string, target: Target): Promise<SendReport> {
  const sender = await SENDERS[proto]();
  try {
    return await sender(packet, target);
  } catch (cause) {
    if (!(cause instanceof FfiError)) throw cause;
    throw new SendError(`Could not send by ${proto}: ${cause.message}`, cause.details.hint ?? null, { cause });
  }
}
