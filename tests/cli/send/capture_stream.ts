/** Loopback listeners that keep what they are sent. */
import { createSocket } from "node:dgram";

/** One connection as it arrived. */
export interface CapturedConnection {
  readonly text: string;
  readonly sourcePort: number;
}

/** Takes one TCP connection on a free loopback port, answers it with `answer`, and keeps what it said until its end. */
export function captureTcp(options: { hostname?: string; answer?: string } = {}): {
  readonly port: number;
  readonly connection: Promise<CapturedConnection>;
} {
  const listener = Deno.listen({ hostname: options.hostname ?? "127.0.0.1", port: 0 });
  const take = async () => {
    using socket = await listener.accept();
    listener.close();
    if (options.answer !== undefined) await socket.write(new TextEncoder().encode(options.answer));
    return { text: await readAll(socket), sourcePort: socket.remoteAddr.port };
  };
  return { port: listener.addr.port, connection: take() };
}

/** Everything until the end, also when that is a reset. */
export async function readAll(socket: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65536);
  let text = "";
  while (true) {
    const count = await socket.read(chunk).catch(() => null);
    if (count === null) return text;
    text += decoder.decode(chunk.subarray(0, count), { stream: true });
  }
}

/** Exactly `length` bytes. */
export async function readExactly(socket: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let have = 0; have < length;) {
    const count = await socket.read(bytes.subarray(have));
    if (count === null) throw new Error(`ended after ${have} of ${length} bytes`);
    have += count;
  }
  return bytes;
}

/** A port on which nothing listens. */
export function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A datagram as it arrived. */
export interface CapturedDatagram {
  readonly text: string;
  readonly sourcePort: number;
}

/** Takes datagrams on a free loopback port until it is disposed of. */
export async function captureUdp(hostname = "127.0.0.1") {
  const socket = createSocket(hostname.includes(":") ? "udp6" : "udp4");
  const arrived: CapturedDatagram[] = [];
  const waiting: ((datagram: CapturedDatagram) => void)[] = [];
  socket.on("message", (bytes, { port }) => {
    const datagram = { text: new TextDecoder().decode(bytes), sourcePort: port };
    const next = waiting.shift();
    if (next === undefined) arrived.push(datagram);
    else next(datagram);
  });
  await new Promise<void>((resolve) => socket.bind(0, hostname, resolve));
  return {
    port: socket.address().port,
    next: (): Promise<CapturedDatagram> => {
      const datagram = arrived.shift();
      return datagram === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(datagram);
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
