/** Raw IP sockets: what is sent is the whole packet, IP header included (raw(7), IP_HDRINCL). */
import { E, SOCK_CLOEXEC, SOCK_RAW } from "../abi.ts";
import { errnoError, lazyLibc, retryForErrno } from "./errno.ts";
import { encodeSocketAddress, familyNumber, type SocketAddress } from "./socket_address.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen) */
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
});

/** With this protocol number the header is always included, on both families. */
const IPPROTO_RAW = 255;

/** A raw socket. Disposal closes it. */
export interface RawSocket extends Disposable {
  /** Sends one packet that starts with its IP header. Returns its length. The port of `to` is not used. */
  send(packet: Uint8Array<ArrayBuffer>, to: SocketAddress): number;
}

/**
 * Opens a raw socket.
 *
 * @throws FfiError EPERM without CAP_NET_RAW, with a hint how to grant it
 * @tags allow-ffi
 */
export function openRawSocket(family: 4 | 6): RawSocket {
  const { result: fd, code } = retryForErrno(() =>
    libc().socket(familyNumber(family), SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)
  );
  if (fd < 0) throw errnoError(code, "socket", "open a raw socket", code === E.PERM ? CAPABILITY_HINT : undefined);
  let open = true;
  return {
    send(packet, to) {
      if (!open) throw new TypeError(`"socket" expected to be open, is closed`);
      // IPv6 refuses (EINVAL) any other port here.
      const address = encodeSocketAddress({ ...to, port: 0 });
      const { result, code } = retryForErrno(() =>
        libc().sendto(fd, packet, BigInt(packet.length), 0, address, address.length)
      );
      if (result < 0) throw errnoError(code, "sendto", `send ${packet.length} bytes`);
      return result;
    },
    [Symbol.dispose]() {
      if (open) libc().close(fd);
      open = false;
    },
  };
}

const CAPABILITY_HINT =
  "raw sockets need the capability CAP_NET_RAW: run as root, or grant it to the compiled program with setcap cap_net_raw+ep PATH";
