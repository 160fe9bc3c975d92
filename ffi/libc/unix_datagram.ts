/** Datagrams to a socket in the file system: how syslog and the service manager are told things. */
import { AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "../abi.ts";
import { errno, lazyLibc } from "./errno.ts";
import { encodeUnixAddress } from "./socket_address.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int connect(int fd, const struct sockaddr *addr, socklen_t len) */
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** ssize_t send(int fd, const void *buf, size_t len, int flags) */
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
});

const SO_SNDTIMEO = 21;

/** A connected AF_UNIX datagram socket. Disposal closes it. */
export interface UnixDatagram extends Disposable {
  /**
   * Sends one datagram. Returns 0 or the errno; EAGAIN (11) when the receiver's queue stayed full.
   *
   * @param wait whether to wait for room, at most for the time given at opening
   */
  send(bytes: Uint8Array<ArrayBuffer>, wait: boolean): number;
}

/**
 * Connects to the socket at `path` (`@name`: abstract). Returns the errno when nobody is there, or when there are no descriptors left.
 *
 * @param sendTimeoutMs how long a waiting send may take
 * @tags allow-ffi
 */
export function connectUnixDatagram(path: string, sendTimeoutMs: number): UnixDatagram | number {
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno();
  const address = encodeUnixAddress(path);
  if (libc().connect(fd, address, address.length) !== 0) {
    const code = errno();
    libc().close(fd);
    return code;
  }
  const timeval = new BigInt64Array([BigInt(Math.floor(sendTimeoutMs / 1000)), BigInt(sendTimeoutMs % 1000) * 1000n]);
  libc().setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, new Uint8Array(timeval.buffer), 16);
  let open = true;
  return {
    send(bytes, wait) {
      if (!open) throw new TypeError(`"${path}" expected to be open, is closed`);
      const flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
      return Number(libc().send(fd, bytes, BigInt(bytes.length), flags)) < 0 ? errno() : 0;
    },
    [Symbol.dispose]() {
      if (open) libc().close(fd);
      open = false;
    },
  };
}
