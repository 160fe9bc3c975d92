/** A TCP port that takes connections and does nothing with them: for whoever only wants their packets to be sent. */
import { E, IPPROTO_IPV6, SO_RCVBUF, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "../abi.ts";
import { errno, errnoError, lazyLibc, retryForErrno, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { anyAddress, decodeSocketAddress, encodeSocketAddress, familyNumber } from "./socket_address.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** int bind(int fd, const struct sockaddr *addr, socklen_t len) */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int listen(int fd, int backlog) */
  listen: { parameters: ["i32", "i32"], result: "i32" },
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags) */
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
});

const SOCK_STREAM = 1;
const SO_REUSEADDR = 2;
const IPV6_V6ONLY = 26;
/** What accept(2) says of a connection that ended before it was taken, or of a signal: the next one may be there. */
const PASSING: ReadonlySet<number> = new Set([E.INTR, E.PROTO, E.CONNABORTED]);
const EXHAUSTED: ReadonlySet<number> = new Set([E.NOMEM, E.NFILE, E.MFILE, E.NOBUFS]);

const ANSWERS: ReadonlySet<number> = new Set([E.AGAIN, ...PASSING, ...EXHAUSTED]);

/** What `accept` brought: a connection, whose descriptor is the caller's to close, or why there is none. */
export type Accepted =
  | { readonly kind: "connection"; readonly fd: number; /** 4 or 16 bytes. */ readonly address: Uint8Array }
  | { readonly kind: "none" }
  /** There is one, but the system has nothing to hold it with. */
  | { readonly kind: "exhausted" };

/** An open listener. Disposal closes it. */
export interface StreamListener extends Disposable {
  /** Readable (POLLIN) when a connection waits. */
  readonly fd: number;
  readonly port: number;
  /** The next connection. Never waits. Throws `FfiError` when the listener is broken. */
  accept(): Accepted;
}

/** How to listen. */
export interface StreamListenerOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Connections that the kernel may hold until they are accepted. */
  readonly backlog: number;
  /** Bytes that the kernel may keep of what one of them sends. */
  readonly receiveBuffer: number;
}

/**
 * Listens on every own address of both families; on IPv4 alone where the kernel has no IPv6.
 *
 * @throws {FfiError} with a hint when the port is taken or not allowed
 * @tags allow-ffi
 */
export function openStreamListener({ port, backlog, receiveBuffer }: StreamListenerOptions): StreamListener {
  const { family, fd } = createSocket();
  try {
    if (family === 6) setOption(fd, [IPPROTO_IPV6, IPV6_V6ONLY], 0);
    // Connections of an earlier run that are not quite over do not keep a new one from starting.
    setOption(fd, [SOL_SOCKET, SO_REUSEADDR], 1);
    setOption(fd, [SOL_SOCKET, SO_RCVBUF], receiveBuffer);
    const address = encodeSocketAddress(anyAddress(family, port));
    if (libc().bind(fd, address, address.length) !== 0) throw portFailure("bind", port);
    if (libc().listen(fd, backlog) !== 0) throw portFailure("listen", port);
    return listenerOn(fd);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function listenerOn(fd: number): StreamListener {
  let open = true;
  return {
    fd,
    port: ownPort(fd),
    accept() {
      for (;;) {
        const address = new Uint8Array(128);
        const length = new Uint8Array(new Uint32Array([address.length]).buffer);
        const { result, code } = retryForErrno(
          () => libc().accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC),
          ANSWERS,
        );
        if (result >= 0) {
          return { kind: "connection", fd: result, address: decodeSocketAddress(address)?.bytes ?? new Uint8Array(4) };
        }
        if (code === E.AGAIN) return { kind: "none" };
        if (EXHAUSTED.has(code)) return { kind: "exhausted" };
        if (!PASSING.has(code)) throw errnoError(code, "accept4", "take TCP connections");
      }
    },
    [Symbol.dispose]() {
      if (open) closeFd(fd);
      open = false;
    },
  };
}

function createSocket(): { readonly family: 4 | 6; readonly fd: number } {
  for (const family of [6, 4] as const) {
    const fd = libc().socket(familyNumber(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) return { family, fd };
    if (errno() !== E.AFNOSUPPORT) break;
  }
  throwErrno("socket", "create a TCP socket");
}

function setOption(fd: number, [level, name]: readonly [level: number, name: number], value: number): void {
  if (libc().setsockopt(fd, level, name, new Uint8Array(new Int32Array([value]).buffer), 4) === 0) return;
  throwErrno("setsockopt", `set option ${level}/${name} of the TCP socket`);
}

function ownPort(fd: number): number {
  const address = new Uint8Array(128);
  const length = new Uint8Array(new Uint32Array([address.length]).buffer);
  if (libc().getsockname(fd, address, length) !== 0) throwErrno("getsockname", "read the own address");
  return decodeSocketAddress(address)?.port ?? 0;
}

function portFailure(symbol: string, port: number) {
  const code = errno();
  // The last word is what scripts look for in the C daemon's message.
  return errnoError(code, symbol, `listen on TCP port ${port} (${symbol})`, portHint(code, port));
}

function portHint(code: number, port: number): string | undefined {
  if (code === E.ADDRINUSE) return `another program has it: "ss -ltnp sport = :${port}" shows which`;
  if (code === E.ACCES) return "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE";
  return undefined;
}
