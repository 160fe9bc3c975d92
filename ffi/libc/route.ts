/** Where the kernel sends packets to an address: one question to rtnetlink (rtnetlink(7)), whatever the number of routes. */
import { MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_RAW } from "../abi.ts";
import { lazyLibc } from "./errno.ts";
import { familyNumber, type SocketAddress } from "./socket_address.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** ssize_t sendto(int sockfd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen) */
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  /** ssize_t recv(int sockfd, void *buf, size_t len, int flags) */
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  /** char *if_indextoname(unsigned int ifindex, char *ifname) */
  indexToName: { name: "if_indextoname", parameters: ["u32", "buffer"], result: "pointer" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
});

const AF_NETLINK = 16, NETLINK_ROUTE = 0;
const RTM_NEWROUTE = 24, RTM_GETROUTE = 26, NLM_F_REQUEST = 1;
const RTA_DST = 1, RTA_OIF = 4;
const RTN_UNICAST = 1, RTN_LOCAL = 2;
/** Bytes of `struct nlmsghdr`, `struct rtmsg` and of the header of an attribute. */
const HEADER = 16, ROUTE = 12, ATTRIBUTE = 4;
/** struct sockaddr_nl of the kernel. */
const KERNEL = Uint8Array.of(AF_NETLINK, 0, ...Array<number>(10).fill(0));

/** Where packets go. */
export interface Route {
  /** Whether the address is one of this host, or of those it takes packets for. */
  readonly local: boolean;
  /** The interface; null: it has no name any more. */
  readonly interface: string | null;
}

/**
 * Asks the kernel, which answers before `sendto` returns. Null: packets to there go nowhere, or it does not say.
 *
 * @tags allow-ffi
 */
export function routeTo({ family, bytes }: Pick<SocketAddress, "family" | "bytes">): Route | null {
  const fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return null;
  try {
    const question = questionFor(familyNumber(family), bytes);
    if (libc().sendto(fd, question, BigInt(question.length), 0, KERNEL, KERNEL.length) < 0n) return null;
    const answer = new Uint8Array(8192);
    const size = Number(libc().recv(fd, answer, BigInt(answer.length), MSG_DONTWAIT));
    const found = size < 0 ? null : readRoute(answer.subarray(0, size));
    return found === null ? null : { local: found.local, interface: nameOf(found.index) };
  } finally {
    libc().close(fd);
  }
}

function questionFor(family: number, address: Uint8Array): Uint8Array<ArrayBuffer> {
  const question = new Uint8Array(HEADER + ROUTE + ATTRIBUTE + address.length);
  const view = new DataView(question.buffer);
  view.setUint32(0, question.length, true);
  view.setUint16(4, RTM_GETROUTE, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint8(HEADER, family);
  view.setUint8(HEADER + 1, address.length * 8);
  view.setUint16(HEADER + ROUTE, ATTRIBUTE + address.length, true);
  view.setUint16(HEADER + ROUTE + 2, RTA_DST, true);
  question.set(address, HEADER + ROUTE + ATTRIBUTE);
  return question;
}

/** From the kernel's answer; null: it is none, or packets are not taken and not sent on. */
export function readRoute(answer: Uint8Array): { readonly local: boolean; readonly index: number } | null {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  if (answer.length < HEADER + ROUTE || view.getUint16(4, true) !== RTM_NEWROUTE) return null;
  const type = view.getUint8(HEADER + 7);
  if (type !== RTN_UNICAST && type !== RTN_LOCAL) return null;
  for (let at = HEADER + ROUTE; at + ATTRIBUTE <= answer.length;) {
    const size = view.getUint16(at, true);
    if (size < ATTRIBUTE || at + size > answer.length) break;
    if (view.getUint16(at + 2, true) === RTA_OIF && size === ATTRIBUTE + 4) {
      return { local: type === RTN_LOCAL, index: view.getUint32(at + ATTRIBUTE, true) };
    }
    at += size + 3 & ~3;
  }
  return null;
}

function nameOf(index: number): string | null {
  // IF_NAMESIZE
  const name = new Uint8Array(16);
  if (libc().indexToName(index, name) === null) return null;
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}
