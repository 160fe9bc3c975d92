/** SOCKS5 CONNECT without authentication (RFC 1928); names are resolved by the proxy, as Tor wants it. */
import type { Socket } from "../../ffi/libc/socket.ts";
import { parseIp } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { type HostPort, SendError } from "./target.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const CONNECT = 1;
const ADDRESS_TYPE = { ipv4: 1, name: 3, ipv6: 4 } as const;
/** A proxy such as Tor builds a circuit before it answers. */
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * Asks the proxy at the other end of `socket` for a connection to `host`. Afterwards the socket is that connection.
 *
 * @throws SendError with the proxy's reason
 */
export async function requestSocks5(socket: Socket, host: string, port: number): Promise<void> {
  const request = encodeConnect(host, port);
  await socket.write(new Uint8Array([VERSION, 1, NO_AUTHENTICATION]));
  const [version, method] = await readExactly(socket, 2);
  if (version !== VERSION) throw new SendError("Cannot use the SOCKS5 proxy: it does not speak SOCKS5", HINT_ADDRESS);
  if (method !== NO_AUTHENTICATION) {
    throw new SendError(
      "Cannot use the SOCKS5 proxy: it wants a user and password",
      "use a proxy without authentication",
    );
  }
  await socket.write(request);
  const [, reply, , addressType] = await readExactly(socket, 4);
  if (reply !== 0) {
    const reason = REPLIES[reply ?? 0] ?? `reply ${reply}`;
    throw new SendError(
      `Could not create socket: the SOCKS5 proxy says: ${reason}`,
      "check -D and -p, and the proxy's log",
    );
  }
  await readExactly(socket, await boundAddressLength(socket, addressType) + 2);
}

/** Reads the argument of `--socks5`: `host:port`, IPv6 in brackets. */
export function parseSocks5(text: string): Result<HostPort, "host" | "port"> {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (parts === null) return fail(/^(\[[^\]]+\]|[^:[\]]+)(:.*)?$/s.test(text) ? "port" : "host");
  const port = Number(parts[3]);
  return port >= 1 && port <= 65535 ? ok({ host: parts[1] ?? parts[2] ?? "", port }) : fail("port");
}

/** RFC 1928 section 4: `05 01 00 <type> <address> <port>`. */
export function encodeConnect(host: string, port: number): Uint8Array<ArrayBuffer> {
  const address = encodeAddress(host);
  return new Uint8Array([VERSION, CONNECT, 0, ...address, port >> 8, port & 0xff]);
}

function encodeAddress(host: string): number[] {
  const numeric = parseIp(host);
  if (numeric.ok) {
    const type = numeric.value.family === 4 ? ADDRESS_TYPE.ipv4 : ADDRESS_TYPE.ipv6;
    return [type, ...numeric.value.bytes];
  }
  const name = new TextEncoder().encode(host);
  if (name.length > 255) throw new SendError(`Cannot use the SOCKS5 proxy: "${host}" has more than 255 bytes`, null);
  return [ADDRESS_TYPE.name, name.length, ...name];
}

/** RFC 1928 section 6: the proxy's own address follows, of no use here but to be read past. */
async function boundAddressLength(socket: Socket, type: number | undefined): Promise<number> {
  if (type === ADDRESS_TYPE.ipv4) return 4;
  if (type === ADDRESS_TYPE.ipv6) return 16;
  return (await readExactly(socket, 1))[0] ?? 0;
}

async function readExactly(socket: Socket, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const count = await socket.read(bytes.subarray(have), ANSWER_TIMEOUT_MS);
    if (count === null) throw new SendError("Cannot use the SOCKS5 proxy: it does not answer", HINT_ADDRESS);
    if (count === 0) throw new SendError("Cannot use the SOCKS5 proxy: it closed the connection", HINT_ADDRESS);
    have += count;
  }
  return bytes;
}

const HINT_ADDRESS = "check host and port of --socks5 (Tor: 127.0.0.1:9050)";

/** RFC 1928 section 6. */
const REPLIES: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "connection not allowed by its rules",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "time to live expired",
  7: "command not supported",
  8: "address type not supported",
};
