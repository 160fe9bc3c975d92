/** Datagrams over the loopback interface of this machine. */
import { connectDatagram } from "../../../ffi/libc/socket.ts";
import { ipBytes } from "../../lib/net/frame_bytes.ts";

/** A function that sends one datagram to an own address. Each has a socket, so a source port, of its own. */
export function loopbackSender(address: string, port: number): (payload: Uint8Array<ArrayBuffer>) => void {
  const bytes = ipBytes(address);
  return (payload) => {
    using socket = connectDatagram({ family: bytes.length === 4 ? 4 : 6, bytes, scopeId: 0, port });
    socket.sendDatagram(payload);
  };
}
