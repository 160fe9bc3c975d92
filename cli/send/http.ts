/** `-P http`: the packet as the path of a GET request (facts/client 8), direct or through a proxy. */
import type { Socket } from "../../ffi/libc/socket.ts";
import { fromProxy, SendError, type SendReport, type Target } from "./target.ts";
import { connectFirst } from "./tcp.ts";

/** The server side reads no more. */
const LONGEST_REQUEST = 1999;
/** A proxy drops the request of a client that goes away, so it is given this long to show that it took it. */
const PROXY_PATIENCE_MS = 1000;

/** Sends the request and does not wait for the server's answer, which never comes. */
export async function sendHttp(packet: string, target: Target): Promise<SendReport> {
  const bytes = new TextEncoder().encode(formatHttpRequest(packet, target));
  const host = target.httpProxy?.host ?? target.host;
  const port = target.httpProxy?.port ?? target.port;
  // -4 and -6 say how to reach the server, which is up to the proxy when there is one.
  const family = target.httpProxy === null ? target.family : null;
  const hint = target.httpProxy === null ? null : "check host and port of the proxy (-H HOST:PORT)";
  const { socket, text } = await connectFirst({ host, port, family, sourcePort: target.sourcePort }, hint);
  using connection = socket;
  await connection.write(bytes);
  if (target.httpProxy !== null) await checkProxy(connection, host);
  else connection.endWriting();
  return { bytesSent: bytes.length, remote: text, port };
}

/**
 * The request as the C client writes it: `+` and `/` become `-` and `_`, `Host` is the proxy when there is one, and
 * carries no port.
 *
 * @throws SendError when it is longer than a server reads
 */
export function formatHttpRequest(packet: string, target: Pick<Target, "host" | "httpProxy" | "userAgent">): string {
  const path = packet.replaceAll("+", "-").replaceAll("/", "_");
  const uri = target.httpProxy === null ? `/${path}` : `http://${bracketed(target.host)}/${path}`;
  const request = [
    `GET ${uri} HTTP/1.1`,
    `User-Agent: ${target.userAgent}`,
    "Accept: */*",
    `Host: ${bracketed(target.httpProxy?.host ?? target.host)}`,
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  // A line end inside would forge headers, and a blank in the first line another request.
  if (/\p{Cc}/u.test(request.replaceAll("\r\n", "")) || request.split("\r\n").length !== 7 || uri.includes(" ")) {
    throw new SendError("Cannot send by http: user agent or host contains control characters", "check -u and -D");
  }
  const length = new TextEncoder().encode(request).length;
  if (length > LONGEST_REQUEST) {
    throw new SendError(
      `Cannot send by http: the request has ${length} bytes, the server reads ${LONGEST_REQUEST}`,
      "use a shorter user agent (-u)",
    );
  }
  return request;
}

/** 407 is the one answer that is surely the proxy's own: others may be those of a web server that took the packet. */
async function checkProxy(connection: Socket, proxy: string): Promise<void> {
  const answer = new Uint8Array(512);
  const count = await fromProxy(`the proxy "${proxy}"`, () => connection.read(answer, PROXY_PATIENCE_MS));
  const [status] = new TextDecoder().decode(answer.subarray(0, count ?? 0)).split("\r\n");
  if (status !== undefined && /^HTTP\/\S+ 407\b/.test(status)) {
    throw new SendError(`Cannot send by http: the proxy "${proxy}" wants a user and password`, "use another proxy");
  }
}

/** IPv6 as URLs have it; a zone is nobody's business but ours (RFC 6874). */
function bracketed(host: string): string {
  return host.includes(":") ? `[${host.replace(/%.*$/s, "")}]` : host;
}
