/** `-P tcp`: connect, send, close; also through a SOCKS5 proxy. */
import { connectStream, type Socket } from "../../ffi/libc/socket.ts";
import { findDestinations, tryEach } from "./destination.ts";
import { HINT_SOCKS5, requestSocks5 } from "./socks5.ts";
import { SendError, type SendReport, type Target } from "./target.ts";

/** How long one address may take to answer; the kernel alone would try for two minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Sends the packet over a connection to the first address that takes one. */
export async function sendTcp(packet: string, target: Target): Promise<SendReport> {
  const bytes = new TextEncoder().encode(packet);
  if (target.socks5 !== null) {
    const to = { ...target.socks5, family: null, sourcePort: target.sourcePort };
    const { socket } = await connectFirst(to, HINT_SOCKS5);
    using proxied = socket;
    await requestSocks5(proxied, target);
    await sendAndClose(proxied, bytes);
    return { bytesSent: bytes.length, remote: target.host, port: target.port };
  }
  const { socket, text } = await connectFirst(target);
  using direct = socket;
  await sendAndClose(direct, bytes);
  return { bytesSent: bytes.length, remote: text, port: target.port };
}

/**
 * A connection to the first address of `host` that takes one, and that address. The caller disposes of it. `proxyHint` is
 * the remedy where it is a proxy: what is said of servers does not help there.
 */
export async function connectFirst(
  to: Pick<Target, "host" | "port" | "family" | "sourcePort">,
  proxyHint: string | null = null,
): Promise<{ readonly socket: Socket; readonly text: string }> {
  const destinations = await findDestinations(to.host, to);
  try {
    return await tryEach(destinations, async (destination) => ({
      socket: await connectStream(destination, { sourcePort: to.sourcePort, timeoutMs: CONNECT_TIMEOUT_MS }),
      text: destination.text,
    }));
  } catch (error) {
    if (proxyHint === null || !(error instanceof SendError)) throw error;
    throw new SendError(error.message, proxyHint, { cause: error });
  }
}

/** An orderly end (FIN), so that nothing that was sent is thrown away by a reset. */
async function sendAndClose(socket: Socket, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await socket.write(bytes);
  socket.endWriting();
}
