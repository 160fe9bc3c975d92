/**
 * UDP and TCP sockets with what Deno's own do not have: a source port and address of our choice, link-local zones, and
 * the address that the kernel would use towards a server.
 */
import { E, MSG_NOSIGNAL, SHUT_WR, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOL_SOCKET } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { bareLibc, errno, errnoError, lazyLibc, retryForErrno, throwErrno } from "./errno.ts";
import { pollFds, POLLIN, POLLOUT, readFd, writeAll } from "./fd.ts";
import {
  anyAddress,
  decodeSocketAddress,
  encodeSocketAddress,
  familyNumber,
  type SocketAddress,
} from "./socket_address.ts";

/** What a knock needs; binding a symbol takes 0.1 to 0.2 ms, so the rest is a table of its own. */
const libc = bareLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int connect(int fd, const struct sockaddr *addr, socklen_t len) */
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** ssize_t send(int fd, const void *buf, size_t len, int flags) */
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
});

const more = lazyLibc({
  /** int bind(int fd, const struct sockaddr *addr, socklen_t len) */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** int getsockopt(int fd, int level, int name, void *value, socklen_t *len) */
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** int shutdown(int fd, int how) */
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
});

const SOCK_STREAM = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;

/** Where a socket sends from. Without it the kernel chooses. */
export interface SocketOrigin {
  /** 0 or absent: a free one. */
  readonly sourcePort?: number | null;
  /** Must be an own address of the remote's family. */
  readonly sourceAddress?: SocketAddress | null;
}

/**
 * A connected socket. Disposal closes it. It never blocks: what waits returns a promise.
 *
 * @tags allow-ffi
 */
export class Socket implements Disposable {
  #fd: number;

  /** @param fd an open, non-blocking socket, which becomes this object's own */
  constructor(fd: number, readonly remote: SocketAddress) {
    this.#fd = fd;
  }

  /** The descriptor, for polling and for handing over. Stays this object's own. */
  get fd(): number {
    if (this.#fd < 0) throw new TypeError(`"socket" expected to be open, is closed`);
    return this.#fd;
  }

  /** One datagram, sent at once. Returns its length. */
  sendDatagram(bytes: Uint8Array<ArrayBuffer>): number {
    const { result, code } = retryForErrno(() => libc().send(this.fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL));
    if (result < 0) throw errnoError(code, "send", `send ${bytes.length} bytes`);
    return result;
  }

  /** All bytes into a stream. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await writeAll(this.fd, bytes);
  }

  /** What is there, at most `target.length` bytes; 0 at the end, null when the time is over. */
  async read(target: Uint8Array<ArrayBuffer>, timeoutMs = -1): Promise<number | null> {
    const count = readFd(this.fd, target);
    if (count !== null) return count;
    await pollFds([{ fd: this.fd, events: POLLIN }], timeoutMs);
    return readFd(this.fd, target);
  }

  /** Says that nothing more will be written. The other direction stays open. */
  endWriting(): void {
    if (more().shutdown(this.fd, SHUT_WR) !== 0 && errno() !== E.NOTCONN) throwErrno("shutdown", "end a connection");
  }

  /** The own address and port of this socket. */
  localAddress(): SocketAddress {
    const encoded = new Uint8Array(128);
    const length = new Uint8Array(new Uint32Array([encoded.length]).buffer);
    if (more().getsockname(this.fd, encoded, length) !== 0) throwErrno("getsockname", "read the own address");
    const address = decodeSocketAddress(encoded);
    if (address === null) throw new FfiError("Cannot read the own address: not IP", { library: "libc" });
    return address;
  }

  /** The error that waits on the socket (SO_ERROR), taken from it; 0 for none. */
  takeError(): number {
    const value = new Uint8Array(4);
    const length = new Uint8Array(new Uint32Array([4]).buffer);
    if (more().getsockopt(this.fd, SOL_SOCKET, SO_ERROR, value, length) !== 0) throwErrno("getsockopt", "ask a socket");
    return new DataView(value.buffer).getInt32(0, true);
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

/**
 * A UDP socket connected to `remote`: nothing is sent by that, but the route is chosen, so {@link Socket.localAddress}
 * tells which own address reaches the server.
 *
 * @throws FfiError with the errno (no route, source port in use, …)
 */
export function connectDatagram(remote: SocketAddress, origin: SocketOrigin = {}): Socket {
  const socket = openSocket(remote, SOCK_DGRAM, origin);
  try {
    const encoded = encodeSocketAddress(remote);
    const code = connectCode(socket.fd, encoded);
    if (code !== 0) throw errnoError(code, "connect", `reach ${portText(remote)}`);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** Answers of connect(2) for a connection that is being made, or that is up when connect(2) is called again. */
const UNDER_WAY: ReadonlySet<number> = new Set([E.INPROGRESS, E.ALREADY, E.ISCONN]);

/** 0, or the errno of connect(2). Calling it again on the same socket is harmless. */
function connectCode(fd: number, address: Uint8Array<ArrayBuffer>): number {
  return retryForErrno(() => libc().connect(fd, address, address.length), UNDER_WAY).code;
}

/**
 * Starts a TCP connection and returns at once. It is decided when the socket polls writable: see {@link firstConnected}.
 *
 * @throws FfiError when it is refused on the spot (no route, source port in use)
 */
export function startConnect(remote: SocketAddress, origin: SocketOrigin = {}): Socket {
  const socket = openSocket(remote, SOCK_STREAM, origin);
  try {
    const encoded = encodeSocketAddress(remote);
    const code = connectCode(socket.fd, encoded);
    if (code !== 0 && !UNDER_WAY.has(code)) throw errnoError(code, "connect", `connect to ${portText(remote)}`);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** What became of connections that were started. */
export interface ConnectOutcome {
  /** Indexes of those that are up now. */
  readonly connected: readonly number[];
  /** Those that failed, with their errno. */
  readonly failed: readonly { readonly index: number; readonly code: number }[];
}

/**
 * Waits until at least one of the started connections is decided or the time is over (then both lists are empty). The
 * undecided ones go on. All sockets stay the caller's.
 */
export async function firstConnected(sockets: readonly Socket[], timeoutMs: number): Promise<ConnectOutcome> {
  const events = await pollFds(sockets.map(({ fd }) => ({ fd, events: POLLOUT })), timeoutMs);
  const connected: number[] = [];
  const failed: { index: number; code: number }[] = [];
  for (const [index, socket] of sockets.entries()) {
    if (events[index] === 0) continue;
    const code = socket.takeError();
    if (code === 0) connected.push(index);
    else failed.push({ index, code });
  }
  return { connected, failed };
}

/**
 * A TCP connection that is up.
 *
 * @param options.timeoutMs -1: as long as the kernel tries (about two minutes)
 * @throws FfiError with the errno; ETIMEDOUT when the time is over
 */
export async function connectStream(
  remote: SocketAddress,
  options: SocketOrigin & { readonly timeoutMs: number },
): Promise<Socket> {
  const socket = startConnect(remote, options);
  try {
    const outcome = await firstConnected([socket], options.timeoutMs);
    if (outcome.connected.length === 0) {
      throw errnoError(outcome.failed[0]?.code ?? E.TIMEDOUT, "connect", `connect to ${portText(remote)}`);
    }
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

function openSocket(remote: SocketAddress, type: number, origin: SocketOrigin): Socket {
  const flags = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const { result, code } = retryForErrno(() => libc().socket(familyNumber(remote.family), flags, 0));
  if (result < 0) throw errnoError(code, "socket", "create a socket");
  const socket = new Socket(result, remote);
  try {
    bindOrigin(socket, type, origin);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

function bindOrigin(socket: Socket, type: number, origin: SocketOrigin): void {
  const port = origin.sourcePort ?? 0;
  if (port === 0 && !origin.sourceAddress) return;
  const local = { ...(origin.sourceAddress ?? anyAddress(socket.remote.family, port)), port };
  if (type === SOCK_STREAM) {
    // The same source port again right after the last connection: what -S is asked for.
    more().setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array([1, 0, 0, 0]), 4);
  }
  const encoded = encodeSocketAddress(local);
  const { result, code } = retryForErrno(() => more().bind(socket.fd, encoded, encoded.length));
  if (result === 0) return;
  const hint = code === E.ACCES
    ? "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one"
    : "choose another source port, or let the system choose";
  throw errnoError(code, "bind", `send from port ${port}`, hint);
}

function portText(remote: SocketAddress): string {
  return `port ${remote.port}`;
}
