/** Who takes what the clients send, and who tells them an address. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { captureTcp } from "../cli/send/capture_stream.ts";

/** A socket for one packet. */
export interface Listener {
  readonly port: number;
  readonly received: Promise<{ readonly text: string; readonly sourcePort: number }>;
  close(): void;
}

/** Takes one packet on a free port of 127.0.0.1. */
export async function listen(over: "udp" | "tcp"): Promise<Listener> {
  if (over === "tcp") {
    const { port, connection } = captureTcp();
    return { port, received: connection, close: () => {} };
  }
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const received = once(socket, "message").then(([data, { port }]) => ({ text: String(data), sourcePort: port }));
  return { port: socket.address().port, received, close: () => socket.close() };
}

/**
 * Tells an address. Its port has four digits: the C client misreads one of five (facts/client 9). From 7000 on there is
 * none that the runtime's fetch() refuses.
 */
export function addressService(): { readonly place: string } & AsyncDisposable {
  for (let port = 7000 + Math.floor(Math.random() * 2900);; port++) {
    try {
      const answer = () => new Response("203.0.113.9\n");
      const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, answer);
      return { place: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
