/** Sockets on which somebody is waited for, on every own address of both families: what the UDP and the TCP server share. */
import { E, IPPROTO_IPV6, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../abi.ts";
import type { FfiError } from "../errors.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { anyAddress, decodeSocketAddress, encodeSocketAddress, familyNumber } from "./socket_address.ts";

const libc = lazyLibc({
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int bind(int fd, const struct sockaddr *addr, socklen_t len) */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
});

const SOCK_STREAM = 1;
const IPV6_V6ONLY = 26;

/** What is served, as messages name it. */
export type ServerProtocol = "TCP" | "UDP";

/** An open socket, whose descriptor is the caller's to close. */
export interface ServerSocket {
  /** 6 serves IPv4 too. */
  readonly family: 4 | 6;
  readonly fd: number;
}

/**
 * A socket that never waits and has no port yet: for both families, or for IPv4 alone where the kernel has no IPv6.
 *
 * @param families those to try, in this order
 * @throws {FfiError}
 */
export function openServerSocket(protocol: ServerProtocol, families: readonly (4 | 6)[] = [6, 4]): ServerSocket {
  const type = protocol === "UDP" ? SOCK_DGRAM : SOCK_STREAM;
  for (const family of families) {
    const fd = libc().socket(familyNumber(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 && errno() === E.AFNOSUPPORT) continue;
    if (fd < 0) break;
    return family === 6 ? forBothFamilies(fd) : { family, fd };
  }
  throwErrno("socket", `create a ${protocol} socket`);
}

function forBothFamilies(fd: number): ServerSocket {
  try {
    setSocketOption(fd, [IPPROTO_IPV6, IPV6_V6ONLY], 0);
    return { family: 6, fd };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/**
 * Gives a socket its port, 0 for a free one.
 *
 * @throws {FfiError} with a hint when the port is taken or not allowed
 */
export function bindServerPort({ fd, family }: ServerSocket, protocol: ServerProtocol, port: number): void {
  const address = encodeSocketAddress(anyAddress(family, port));
  if (libc().bind(fd, address, address.length) !== 0) throw portFailure("bind", protocol, port);
}

/** Why a port cannot be had, from errno after `symbol` failed: with what the operator can do. */
export function portFailure(symbol: string, protocol: ServerProtocol, port: number): FfiError {
  const code = errno();
  return errnoError(code, symbol, `listen on ${protocol} port ${port}`, portHint(code, protocol, port));
}

function portHint(code: number, protocol: ServerProtocol, port: number): string | undefined {
  const list = protocol === "UDP" ? "ss -lunp" : "ss -ltnp";
  if (code === E.ADDRINUSE) return `another program has it: "${list} sport = :${port}" shows which`;
  if (code === E.ACCES) return "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE";
  return undefined;
}

/** The port of a socket; 0 where it has none, or is no IP socket. */
export function portOf(fd: number): number {
  const encoded = new Uint8Array(128);
  const length = new Uint8Array(new Uint32Array([encoded.length]).buffer);
  if (libc().getsockname(fd, encoded, length) !== 0) throwErrno("getsockname", "read the own address");
  return decodeSocketAddress(encoded)?.port ?? 0;
}

/** Sets an option that is a number. */
export function setSocketOption(
  fd: number,
  [level, name]: readonly [level: number, name: number],
  value: number,
): void {
  if (libc().setsockopt(fd, level, name, new Int32Array([value]), 4) === 0) return;
  throwErrno("setsockopt", `set option ${level}/${name} of a socket`);
}
