/** SOCKS5 CONNECT without authentication (RFC 1928); names are resolved by the proxy, as Tor wants it. */
import type { Socket } from "../../ffi/libc/socket.ts";
import { parseIp } from "../../lib/net/address.ts";
import { fromProxy, SendError } from "./target.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const CONNECT = 1;
const ADDRESS_TYPE = { ipv4: 1, name: 3, ipv6: 4 } as const;
/** For the whole talk: a proxy such as Tor builds a circuit before it answers. */
const PATIENCE_MS = 60_000;

/** Where the proxy is to connect to, and how long it may take. */
export interface Socks5Request {
  readonly host: string;
  readonly port: number;
  readonly patienceMs?: number;
}

/**
 * Asks the proxy at the other end of `connection` for a connection to `host`. Afterwards the socket is that connection.
 *
 * @throws SendError with the proxy's reason
 */
export async function requestSocks5(connection: Socket, wanted: Socks5Request): Promise<void> {
  const request = encodeConnect(wanted.host, wanted.port);
  const proxy: Proxy = { connection, deadline: performance.now() + (wanted.patienceMs ?? PATIENCE_MS) };
  await connection.write(new Uint8Array([VERSION, 1, NO_AUTHENTICATION]));
  const [version, method] = await readExactly(proxy, 2);
  if (version !== VERSION) throw new SendError("Cannot use the SOCKS5 proxy: it does not speak SOCKS5", HINT_SOCKS5);
  if (method !== NO_AUTHENTICATION) {
    throw new SendError(
      "Cannot use the SOCKS5 proxy: it wants a user and password",
      "use a proxy without authentication",
    );
  }
  await connection.write(request);
  const [, reply, , addressType] = await readExactly(proxy, 4);
  if (reply !== 0) {
    const reason = REPLIES[reply ?? 0] ?? `reply ${reply}`;
    throw new SendError(
      `Could not create socket: the SOCKS5 proxy says: ${reason}`,
      "check -D and -p, and the proxy's log",
    );
  }
  await readExactly(proxy, await boundAddressLength(proxy, addressType) + 2);
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
  if (host.includes(":")) {
    throw new SendError(
      `Cannot use the SOCKS5 proxy: "${host}" means something on this machine only`,
      "name the server by an address without zone, or by its name",
    );
  }
  const name = new TextEncoder().encode(host);
  if (name.length > 255) throw new SendError(`Cannot use the SOCKS5 proxy: "${host}" has more than 255 bytes`, null);
  return [ADDRESS_TYPE.name, name.length, ...name];
}

/** RFC 1928 section 6: the proxy's own address follows, of no use here but to be read past. */
async function boundAddressLength(proxy: Proxy, type: number | undefined): Promise<number> {
  if (type === ADDRESS_TYPE.ipv4) return 4;
  if (type === ADDRESS_TYPE.ipv6) return 16;
  return (await readExactly(proxy, 1))[0] ?? 0;
}

/** The proxy, and when (by `performance.now()`) its time is over. */
interface Proxy {
  readonly connection: Socket;
  readonly deadline: number;
}

async function readExactly({ connection, deadline }: Proxy, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const left = Math.max(0, Math.ceil(deadline - performance.now()));
    const count = await fromProxy("the SOCKS5 proxy", () => connection.read(bytes.subarray(have), left));
    if (count === null) throw new SendError("Cannot use the SOCKS5 proxy: it does not answer", HINT_SOCKS5);
    if (count === 0) throw new SendError("Cannot use the SOCKS5 proxy: it closed the connection", HINT_SOCKS5);
    have += count;
  }
  return bytes;
}

/** Where the proxy is not what answers, or nobody answers. */
export const HINT_SOCKS5 = "check host and port of --socks5 (Tor: 127.0.0.1:9050)";

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
