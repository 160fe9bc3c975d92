/**
 * Numbers of the Linux ABI that several files of `ffi` need; what only one needs stands in that file. The same on x86-64 and
 * arm64. Pure.
 */

/** Flags of open(2). */
export const O_RDWR = 0o2, O_NONBLOCK = 0o4000, O_CLOEXEC = 0o2000000;

/** Commands of fcntl(2). */
export const F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4;
/** The one flag of a descriptor: it is closed when another program takes the place of this one. */
export const FD_CLOEXEC = 1;

/** In place of a folder's descriptor: relative paths start at the current folder. */
export const AT_FDCWD = -100;
/** With an empty path: the descriptor itself is meant. */
export const AT_EMPTY_PATH = 0x1000;

/** Families of addresses. */
export const AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10;

/** Types of socket(2), and the flags that go with them. */
export const SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_NONBLOCK = O_NONBLOCK, SOCK_CLOEXEC = O_CLOEXEC;

/** Of shutdown(2): no more is sent. */
export const SHUT_WR = 1;

/** Level of socket options that every socket has, and two of those. */
export const SOL_SOCKET = 1, SO_RCVBUF = 8, SO_RCVBUFFORCE = 33;

/** Flags of send(2) and recv(2). */
export const MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;

/** Levels of the options and control messages of IP sockets, and the one that names a packet's own address. */
export const IPPROTO_IP = 0, IPPROTO_IPV6 = 41, IP_PKTINFO = 8;

/** A signal that means nothing by itself. */
export const SIGUSR1 = 10;
/** What sigaction(2) takes in place of a handler. */
export const SIG_DFL = 0n, SIG_IGN = 1n;

/** sizeof(struct pollfd): int fd, short events, short revents */
export const POLLFD_SIZE = 8;

/** errno numbers that are compared with, by name. */
export const E = {
  PERM: 1,
  NOENT: 2,
  SRCH: 3,
  INTR: 4,
  IO: 5,
  NXIO: 6,
  BADF: 9,
  AGAIN: 11,
  ACCES: 13,
  BUSY: 16,
  EXIST: 17,
  /** The device or interface is gone. */
  NODEV: 19,
  NOTDIR: 20,
  NOMEM: 12,
  INVAL: 22,
  /** No descriptor left: in the system, in this process. */
  NFILE: 23,
  MFILE: 24,
  PIPE: 32,
  /** From nf_tables: the ruleset is of another generation. */
  RESTART: 85,
  PROTO: 71,
  NOTSOCK: 88,
  OPNOTSUPP: 95,
  AFNOSUPPORT: 97,
  ADDRINUSE: 98,
  ADDRNOTAVAIL: 99,
  /** The interface was taken down, but is still there. */
  NETDOWN: 100,
  NETUNREACH: 101,
  CONNABORTED: 103,
  CONNRESET: 104,
  NOBUFS: 105,
  ISCONN: 106,
  NOTCONN: 107,
  TIMEDOUT: 110,
  CONNREFUSED: 111,
  HOSTUNREACH: 113,
  ALREADY: 114,
  INPROGRESS: 115,
} as const;
