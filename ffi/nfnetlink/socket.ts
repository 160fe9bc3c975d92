/** A netlink socket to the packet filter, through libc. The kernel answers nfnetlink requests before `sendto` returns. */
import { E, MSG_DONTWAIT, SO_RCVBUF, SO_RCVBUFFORCE, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { errno, lazyLibc } from "../libc/errno.ts";
import {
  AF_NETLINK,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_DROP_MEMBERSHIP,
  NETLINK_EXT_ACK,
  NETLINK_NETFILTER,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_NETLINK,
} from "./constants.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen) */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen) */
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** ssize_t sendto(int sockfd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen) */
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  /** ssize_t recv(int sockfd, void *buf, size_t len, int flags) */
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
});

/** What one `recv` gave. */
export type Received =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** Nothing is waiting. */
  | { readonly kind: "empty" }
  /** The receive buffer ran over: messages were lost. */
  | { readonly kind: "overrun" };

/** An open socket. All calls are synchronous and never wait. */
export interface NetlinkSocket extends Disposable {
  readonly fd: number;
  /** The address by which the kernel marks what this socket caused. */
  readonly portId: number;
  /** Hands the messages to the kernel, which works on them before this returns. Throws {@link FfiError}. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** The next datagram. The bytes are valid until the next call. Throws {@link FfiError}. */
  receive(): Received;
}

/** What to open. */
export interface NetlinkSocketOptions {
  /** Bits of `nl_groups`: which events to hear. Default: none. */
  readonly groups?: number;
  /** Receive buffer in bytes. */
  readonly receiveBuffer: number;
}

/** struct sockaddr_nl of the kernel: family, padding, port 0, no groups. */
const KERNEL = sockaddr(0);
/** A transaction is one datagram, and the system's usual 208 KiB are too few for many doors in several tables. */
const SEND_BUFFER = 2 * 1024 * 1024;
/** Larger than any netlink datagram of the kernel (a dump's parts stay below 32 KiB, events below 64 KiB). */
const DATAGRAM_SIZE = 256 * 1024;

/** Opens and binds a socket. Throws {@link FfiError}, with a hint where a capability is missing. */
export function openNetlinkSocket(options: NetlinkSocketOptions): NetlinkSocket {
  const fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (fd < 0) throw failure("socket", "Cannot open a netlink socket");
  try {
    const own = sockaddr(options.groups ?? 0);
    if (libc().bind(fd, own, own.length) !== 0) throw failure("bind", "Cannot listen to changes of the ruleset");
    setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    // The forced sizes need CAP_NET_ADMIN; the others are cut to what the system allows.
    if (!setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, options.receiveBuffer)) {
      setOption(fd, SOL_SOCKET, SO_RCVBUF, options.receiveBuffer);
    }
    if (!setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER)) setOption(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    return socketOn(fd, portOf(fd));
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

function socketOn(fd: number, portId: number): NetlinkSocket {
  const buffer = new Uint8Array(DATAGRAM_SIZE);
  let open = true;
  return {
    fd,
    portId,
    send(bytes) {
      for (;;) {
        const sent = Number(libc().sendto(fd, bytes, BigInt(bytes.length), 0, KERNEL, KERNEL.length));
        if (sent >= 0) return;
        const code = errno();
        if (code !== E.INTR) throw failure("sendto", "Cannot send to the packet filter", code);
      }
    },
    receive() {
      // The runtime may overwrite errno before it is read (seen: ENOENT), so an odd one counts when it comes twice.
      for (let odd = 0;;) {
        const size = Number(libc().recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT));
        // Behind an odd one that was not EAGAIN stood an overrun: it is told once, and then come messages.
        if (size >= 0) return odd === 0 ? { kind: "bytes", bytes: buffer.subarray(0, size) } : { kind: "overrun" };
        const code = errno();
        if (code === E.AGAIN) return { kind: "empty" };
        if (code === E.NOBUFS) return { kind: "overrun" };
        if (code === odd) throw failure("recv", "Cannot read the packet filter's answer", code);
        if (code !== E.INTR) odd = code;
      }
    },
    [Symbol.dispose]() {
      if (open) libc().close(fd);
      open = false;
    },
  };
}

/** From now on it hears what is told to the group, or does not any more. Throws {@link FfiError}. */
export function setMembership({ fd }: Pick<NetlinkSocket, "fd">, group: number, isMember: boolean): void {
  const option = isMember ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;
  if (!setOption(fd, SOL_NETLINK, option, group)) {
    throw failure("setsockopt", "Cannot listen to changes of the ruleset");
  }
}

function portOf(fd: number): number {
  const address = sockaddr(0);
  const length = new Uint8Array(new Uint32Array([address.length]).buffer);
  if (libc().getsockname(fd, address, length) !== 0) throw failure("getsockname", "Cannot read the netlink port");
  return new DataView(address.buffer).getUint32(4, true);
}

function setOption(fd: number, level: number, name: number, value: number): boolean {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  return libc().setsockopt(fd, level, name, bytes, bytes.length) === 0;
}

function sockaddr(groups: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return bytes;
}

function failure(symbol: string, what: string, code = errno()): FfiError {
  return new FfiError(`${what}: errno ${code}`, {
    library: "libc.so.6",
    symbol,
    code,
    ...(code === E.PERM ? { hint: NET_ADMIN_HINT } : {}),
  });
}

/** What to do about EPERM from the packet filter. */
export const NET_ADMIN_HINT = "run it as root or give it the capability CAP_NET_ADMIN";
