/** A TCP port that takes connections and does nothing with them: for whoever only wants their packets to be sent. */
import { E, SO_RCVBUF, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "../abi.ts";
import { errnoError, lazyLibc, retryForErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { bindServerPort, openServerSocket, portFailure, portOf, setSocketOption } from "./server_socket.ts";
import { decodeSocketAddress } from "./socket_address.ts";

const libc = lazyLibc({
  /** int listen(int fd, int backlog) */
  listen: { parameters: ["i32", "i32"], result: "i32" },
  /** int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags) */
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
});

const SO_REUSEADDR = 2;
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
  const socket = openServerSocket("TCP");
  const { fd } = socket;
  try {
    // Connections of an earlier run that are not quite over do not keep a new one from starting.
    setSocketOption(fd, [SOL_SOCKET, SO_REUSEADDR], 1);
    setSocketOption(fd, [SOL_SOCKET, SO_RCVBUF], receiveBuffer);
    bindServerPort(socket, "TCP", port);
    if (libc().listen(fd, backlog) !== 0) throw portFailure("listen", "TCP", port);
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
    port: portOf(fd),
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
