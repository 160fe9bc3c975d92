/**
 * Sockets inside a network namespace, opened by this very process: setns(2) on the calling thread, socket(2), and back.
 * A socket stays in the namespace it was born in, so one process can probe as the knocker, listen as the server and read
 * both on one clock. Test code only: it needs unscoped FFI and root.
 */

const libc = Deno.dlopen("libc.so.6", {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "usize", "usize", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  ppoll: { parameters: ["buffer", "u64", "buffer", "usize", "usize"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});
const c = libc.symbols;

const CLONE_NEWNET = 0x4000_0000;
const O_CLOEXEC = 0o2000000;
const AF_INET = 2, AF_INET6 = 10;
const SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_ERROR = 4, SO_LINGER = 13;
const PR_SET_TIMERSLACK = 29;
const LOCK_EX = 2, LOCK_NB = 4;
const POLLIN = 1, POLLOUT = 4;
const EAGAIN = 11, EINPROGRESS = 115, ECONNREFUSED = 111, ETIMEDOUT = 110, EHOSTUNREACH = 113;

/** What a connection attempt met. `refused`: the packet came through and nobody listens there. */
export type ProbeResult = "open" | "refused" | "filtered";

/** Transport protocol of a probe. */
export type Transport = "tcp" | "udp";

function errno(): number {
  const location = c.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

function check(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: errno ${errno()}`);
  return result;
}

/** A namespace that sockets can be opened in. Dispose after use. */
export interface NetworkNamespace extends Disposable {
  /** Opens a socket there. The caller closes it with `closeSocket`. */
  socket(family: 4 | 6, transport: Transport): number;
}

/** Opens namespace `name` of `ip netns`. */
export function openNamespace(name: string): NetworkNamespace {
  const there = check(c.open(cString(`/run/netns/${name}`), O_CLOEXEC), `open namespace ${name}`);
  const home = check(c.open(cString("/proc/thread-self/ns/net"), O_CLOEXEC), "open own namespace");
  return {
    socket(family, transport) {
      check(c.setns(there, CLONE_NEWNET), `enter namespace ${name}`);
      try {
        const type = (transport === "tcp" ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
        return check(c.socket(family === 4 ? AF_INET : AF_INET6, type, 0), "socket");
      } finally {
        check(c.setns(home, CLONE_NEWNET), "return to own namespace");
      }
    },
    [Symbol.dispose]() {
      c.close(there);
      c.close(home);
    },
  };
}

/**
 * Opens a file, folder or namespace and locks it for as long as the descriptor is open: programs started by this process do
 * not inherit it. Null when it is gone or somebody else has the lock.
 */
export function lockPath(path: string): number | null {
  const fd = c.open(cString(path), O_CLOEXEC);
  if (fd < 0) return null;
  if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return fd;
  c.close(fd);
  return null;
}

/** Closes a socket of `NetworkNamespace.socket`, or a descriptor of `lockPath`. */
export function closeSocket(fd: number): void {
  c.close(fd);
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** 4 or 6, by the look of a textual address. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

/** A `struct sockaddr_in` or `sockaddr_in6` for a plain textual address. */
export function socketAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const v6 = familyOf(address) === 6;
  const bytes = new Uint8Array(v6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(v6 ? parse6(address) : address.split(".").map(Number), v6 ? 8 : 4);
  return bytes;
}

function parse6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  return [...left, ...middle, ...right].flatMap((group) => [group >> 8, group & 0xff]);
}

/** Binds `fd`; for TCP it listens as well, and the kernel completes handshakes whether or not anybody accepts. */
export function bindSocket(fd: number, address: string, port: number, transport: Transport): void {
  c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array([1, 0, 0, 0]), 4);
  const where = socketAddress(address, port);
  check(c.bind(fd, where, where.length), `bind ${address} port ${port}`);
  if (transport === "tcp") check(c.listen(fd, 1024), "listen");
}

/** Accepts and closes whatever waits on a listening socket, so that its queue never fills. Returns how many there were. */
export function drainAccepts(fd: number): number {
  for (let count = 0;; count++) {
    const peer = c.accept4(fd, 0n, 0n, SOCK_CLOEXEC);
    if (peer < 0) return count;
    c.close(peer);
  }
}

/** Connects a UDP socket, so that `sendDatagram` needs no address and an ICMP refusal can be seen. */
export function connectDatagram(fd: number, address: string, port: number): void {
  const where = socketAddress(address, port);
  check(c.connect(fd, where, where.length), `connect ${address} port ${port}`);
}

/** Sends on a connected UDP socket. False: an earlier datagram was refused by ICMP, or the queue is full. */
export function sendDatagram(fd: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  return Number(c.send(fd, bytes, BigInt(bytes.length), 0)) === bytes.length;
}

/** Takes a waiting datagram: its bytes, or null when none waits. */
export function receiveDatagram(fd: number, room = 2048): Uint8Array<ArrayBuffer> | null {
  const buffer = new Uint8Array(room);
  const length = Number(c.recv(fd, buffer, BigInt(room), 0));
  return length < 0 ? null : buffer.subarray(0, length);
}

/**
 * Sleeps until a datagram waits on `fd` or the time is up, on this thread: for measuring loops, which must neither wait for
 * the event loop nor keep a core busy.
 */
export function sleepUntilReadable(fd: number, microseconds: number): void {
  // The kernel may stretch a sleep by 50 microseconds to save power unless it is told not to.
  c.prctl(PR_SET_TIMERSLACK, 1n, 0n, 0n, 0n);
  const entry = new Uint8Array(8);
  new DataView(entry.buffer).setInt32(0, fd, true);
  entry[4] = POLLIN;
  const time = new BigInt64Array([0n, BigInt(microseconds) * 1000n]);
  c.ppoll(entry, 1n, new Uint8Array(time.buffer), 0n, 0n);
}

async function waitReady(fd: number, events: number, timeoutMs: number): Promise<boolean> {
  const entry = new Uint8Array(8);
  const view = new DataView(entry.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, events, true);
  return await c.poll(entry, 1n, timeoutMs) > 0;
}

function pendingError(fd: number): number {
  const value = new Uint8Array(4);
  check(c.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, new Uint8Array([4, 0, 0, 0])), "getsockopt");
  return new DataView(value.buffer).getInt32(0, true);
}

/** One TCP connection attempt from a namespace; nothing of it is left behind, not even a retried SYN. */
export async function probeTcp(
  from: NetworkNamespace,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<ProbeResult> {
  const fd = from.socket(familyOf(address), "tcp");
  try {
    // Reset instead of FIN at close: the server's queue of unaccepted connections does not keep dead ones.
    c.setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 8);
    const where = socketAddress(address, port);
    if (c.connect(fd, where, where.length) === 0) return "open";
    const started = errno();
    if (started === ECONNREFUSED) return "refused";
    if (started !== EINPROGRESS && started !== EAGAIN) {
      throw new Error(`connect ${address} port ${port}: errno ${started}`);
    }
    if (!await waitReady(fd, POLLOUT, timeoutMs)) return "filtered";
    const outcome = pendingError(fd);
    if (outcome === 0) return "open";
    if (outcome === ECONNREFUSED) return "refused";
    if (outcome === ETIMEDOUT || outcome === EHOSTUNREACH) return "filtered";
    throw new Error(`connect ${address} port ${port}: errno ${outcome}`);
  } finally {
    c.close(fd);
  }
}

/** One UDP datagram; `refused` when the far host answers that nobody listens, `open` when somebody answers. */
export async function probeUdp(
  from: NetworkNamespace,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<ProbeResult> {
  const fd = from.socket(familyOf(address), "udp");
  try {
    connectDatagram(fd, address, port);
    sendDatagram(fd, new TextEncoder().encode("probe"));
    if (!await waitReady(fd, POLLIN, timeoutMs)) return "filtered";
    return pendingError(fd) === ECONNREFUSED ? "refused" : "open";
  } finally {
    c.close(fd);
  }
}
