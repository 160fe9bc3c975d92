/**
 * A UDP socket for both families that tells where each datagram was sent to: `Deno.listenDatagram` is unstable, and
 * `node:dgram` has no destination. Reading never waits: the caller polls {@link DatagramServer.fd}.
 */
import {
  E,
  F_GETFL,
  F_SETFL,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  O_NONBLOCK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from "../abi.ts";
import { FfiError } from "../errors.ts";
import { allocate, type Block, copyIn, copyInto, copyOut } from "../memory.ts";
import { MESSAGE, type MessageHead, messageHeaders, readMessage } from "./datagram_messages.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { bindServerPort, openServerSocket, portOf, type ServerSocket, setSocketOption } from "./server_socket.ts";
import { familyNumber } from "./socket_address.ts";

const libc = lazyLibc({
  /** int getsockopt(int fd, int level, int name, void *value, socklen_t *len) */
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  /** int fcntl(int fd, int cmd, long arg) */
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** int recvmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen, int flags, struct timespec *timeout) */
  recvmmsg: { parameters: ["i32", "usize", "u32", "i32", "usize"], result: "i32" },
});

const SO_TIMESTAMP = 29;
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;
const IPPROTO_UDP = 17;
const F_DUPFD_CLOEXEC = 1030;
const SO_MEMINFO = 55;
/** Index of SK_MEMINFO_DROPS in what SO_MEMINFO answers, and the number of its words. */
const MEMINFO_DROPS = 8;
const MEMINFO_WORDS = 9;
const IPV6_RECVPKTINFO = 49;

/** What the server listens on. */
export interface DatagramServerOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Wanted size of the receive buffer in bytes; without CAP_NET_ADMIN the kernel's maximum limits it. */
  readonly bufferBytes: number;
  /** Longest datagram of interest, at most 65535. */
  readonly longest: number;
  /** Sockets to try, in this order, as far as the kernel has the family; 6 serves IPv4 too. Default: 6, then 4. */
  readonly families?: readonly (4 | 6)[];
  /** A bound socket that somebody handed over, used in the place of one for `port`. It stays open: a copy is used. */
  readonly inherited?: number;
}

/** One datagram, owned by the receiver. The arrays of one system call share their memory, which is used once only. */
export interface ReceivedDatagram {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** 4 or 16 bytes: on a socket for both families always 16, IPv4 as mapped address. */
  readonly source: Uint8Array;
  readonly sourcePort: number;
  /** The address it was sent to, 4 or 16 bytes; null where the kernel did not tell. */
  readonly destination: Uint8Array | null;
  /** Unix milliseconds when the kernel received it; null where it did not tell. */
  readonly timestampMs: number | null;
}

/** What one drain brought. */
export interface Received {
  readonly datagrams: readonly ReceivedDatagram[];
  /** Taken from the socket, including those that were too short or too long. */
  readonly taken: number;
}

/**
 * An open UDP server. Disposal closes the socket.
 *
 * @tags allow-ffi
 */
export class DatagramServer implements Disposable {
  readonly #longest: number;
  readonly #block: Block;
  readonly #headers: Uint8Array<ArrayBuffer>;
  #fd: number;
  #received = 0;

  /** @param fd an open, non-blocking, bound socket, which becomes this object's own */
  constructor(fd: number, longest: number) {
    this.#fd = fd;
    this.#longest = longest;
    this.#block = allocate(MESSAGE.count * (MESSAGE.metaSize + longest));
    this.#headers = messageHeaders(this.#block.address, longest);
  }

  /** Readable (POLLIN) when datagrams wait. */
  get fd(): number {
    if (this.#fd < 0) throw new FfiError("Cannot receive datagrams: the server is closed", { library: "libc" });
    return this.#fd;
  }

  /** The port that it is bound to. */
  get port(): number {
    return portOf(this.fd);
  }

  /**
   * Takes at most `limit` datagrams without waiting. Those shorter than `shortest`, or longer than the server's longest
   * (never a cut one), are taken and left out.
   *
   * Throws {@link FfiError} when the socket is broken.
   */
  receive(limit: number, shortest = 0): Received {
    const datagrams: ReceivedDatagram[] = [];
    let taken = 0;
    while (taken < limit) {
      const wanted = Math.min(limit - taken, MESSAGE.count);
      const count = this.#fill(wanted);
      if (count > 0) this.#takeAll(count, shortest, datagrams);
      taken += count;
      if (count < wanted) break;
    }
    this.#received += taken;
    return { datagrams, taken };
  }

  /** Datagrams taken or lost since the start, and those the kernel dropped because the buffer was full. */
  statistics(): { readonly received: number; readonly dropped: number } {
    const words = new Uint32Array(MEMINFO_WORDS);
    const length = new Uint32Array([words.byteLength]);
    const known = libc().getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, words, length) === 0;
    const dropped = known ? words[MEMINFO_DROPS] ?? 0 : 0;
    return { received: this.#received + dropped, dropped };
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
    this.#block[Symbol.dispose]();
  }

  /** One system call for up to `wanted` datagrams. */
  #fill(wanted: number): number {
    const fd = this.fd;
    // The kernel has overwritten lengths and flags of the last time.
    copyOut(this.#block.address, this.#headers);
    const count = libc().recvmmsg(fd, this.#block.address, wanted, 0, 0n);
    if (count < 0) {
      const code = errno();
      if (code === E.AGAIN || code === E.INTR) return 0;
      throw errnoError(code, "recvmmsg", "receive datagrams");
    }
    return count;
  }

  /** Small arrays are expensive: one holds the headers, addresses and control data of all, another the payloads. */
  #takeAll(count: number, shortest: number, datagrams: ReceivedDatagram[]): void {
    const meta = copyIn(this.#block.address, MESSAGE.count * MESSAGE.metaSize);
    const heads: MessageHead[] = [];
    let total = 0;
    for (let index = 0; index < count; index++) {
      const head = readMessage(meta, index);
      if (head === null || head.length < shortest) continue;
      heads.push(head);
      total += head.length;
    }
    const payloads = new Uint8Array(total);
    let used = 0;
    for (const { index, length, ...facts } of heads) {
      const payload = payloads.subarray(used, used + length);
      copyInto(payload, this.#block.address + BigInt(MESSAGE.count * MESSAGE.metaSize + index * this.#longest), length);
      datagrams.push({ payload, ...facts });
      used += length;
    }
  }
}

/**
 * Opens a UDP server on every own address of both families; on IPv4 alone where the kernel has no IPv6. Like the C
 * program it does not share its port (facts/packets 2).
 *
 * @throws {FfiError} with a hint when the port is taken or not allowed
 * @tags allow-ffi
 */
export function openDatagramServer(options: DatagramServerOptions): DatagramServer {
  const { inherited, families = [6, 4] } = options;
  const socket = inherited === undefined ? openServerSocket("UDP", families) : copySocket(inherited);
  const { family, fd } = socket;
  try {
    setSocketOption(fd, family === 6 ? [IPPROTO_IPV6, IPV6_RECVPKTINFO] : [IPPROTO_IP, IP_PKTINFO], 1);
    setSocketOption(fd, [SOL_SOCKET, SO_TIMESTAMP], 1);
    enlargeBuffer(fd, options.bufferBytes);
    if (inherited === undefined) bindServerPort(socket, "UDP", options.port);
    return new DatagramServer(fd, options.longest);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** A copy that is not waited on and not passed on, of what has to be a bound UDP socket. */
function copySocket(inherited: number): ServerSocket {
  const family = ([4, 6] as const).find((one) => option(inherited, SO_DOMAIN) === familyNumber(one));
  if (family === undefined || option(inherited, SO_PROTOCOL) !== IPPROTO_UDP || portOf(inherited) === 0) {
    throw new FfiError(
      `Cannot use descriptor ${inherited} as UDP server: it is no UDP socket that is bound to a port`,
      {
        library: "libc",
        hint: "the unit that hands it over needs ListenDatagram= with a port",
      },
    );
  }
  const fd = libc().fcntl(inherited, F_DUPFD_CLOEXEC, 0n);
  if (fd < 0) throwErrno("fcntl", `copy descriptor ${inherited}`);
  if (libc().fcntl(fd, F_SETFL, BigInt(libc().fcntl(fd, F_GETFL, 0n) | O_NONBLOCK)) < 0) {
    throwErrno("fcntl", `prepare descriptor ${inherited}`);
  }
  return { family, fd };
}

/** Null where it is no socket. */
function option(fd: number, name: number): number | null {
  const value = new Int32Array(1);
  return libc().getsockopt(fd, SOL_SOCKET, name, value, new Uint32Array([4])) === 0 ? value[0] ?? null : null;
}

/** Asks for a larger receive buffer: the plain option never fails, the kernel cuts it to its maximum. */
function enlargeBuffer(fd: number, bytes: number): void {
  if (libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, new Int32Array([bytes]), 4) === 0) return;
  setSocketOption(fd, [SOL_SOCKET, SO_RCVBUF], bytes);
}
