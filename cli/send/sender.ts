/** The table of transports. All but udp are loaded when they are used: the ordinary knock must start fast. */
import { sendUdp } from "./udp.ts";
import { type Sender, SendError, type SendProto, type SendReport, type Target } from "./target.ts";

export { type Sender, SendError, type SendProto, type SendReport, type Target };

const SENDERS: Readonly<Partial<Record<SendProto, () => Promise<Sender> | Sender>>> = {
  udp: () => sendUdp,
};

/**
 * Sends one packet (the WIRE text) by the transport named.
 *
 * @throws SendError when it did not leave; the message is one sentence with the cause
 */
export async function sendPacket(proto: SendProto, packet: string, target: Target): Promise<SendReport> {
  const load = SENDERS[proto];
  if (load === undefined) throw new SendError(`Cannot send by ${proto}: not supported by this version`, "use -P udp");
  return await (await load())(packet, target);
}
