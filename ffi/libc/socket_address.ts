/** Socket addresses: struct sockaddr_in and sockaddr_in6 as plain values. */
import { AF_INET, AF_INET6, AF_UNIX } from "../abi.ts";

/** An IP address with what a socket needs beside it. Plain, because `ffi/` knows nothing of the project's own types. */
export interface SocketAddress {
  readonly family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
  /** Index of the interface of a link-local address (`fe80::1%eth0`), else 0. */
  readonly scopeId: number;
  readonly port: number;
}

/** The number that socket(2) takes for a family. */
export function familyNumber(family: 4 | 6): number {
  return family === 4 ? AF_INET : AF_INET6;
}

/** `0.0.0.0` or `::`: any own address, with a port or 0 for a free one. */
export function anyAddress(family: 4 | 6, port: number): SocketAddress {
  return { family, bytes: new Uint8Array(family === 4 ? 4 : 16), scopeId: 0, port };
}

/** struct sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes). */
export function encodeSocketAddress(address: SocketAddress): Uint8Array<ArrayBuffer> {
  const size = address.family === 4 ? 4 : 16;
  if (address.bytes.length !== size) {
    throw new RangeError(`"bytes" expected ${size} bytes, got ${address.bytes.length}`);
  }
  const encoded = new Uint8Array(address.family === 4 ? 16 : 28);
  const view = new DataView(encoded.buffer);
  view.setUint16(0, familyNumber(address.family), true);
  view.setUint16(2, address.port);
  encoded.set(address.bytes, address.family === 4 ? 4 : 8);
  if (address.family === 6) view.setUint32(24, address.scopeId, true);
  return encoded;
}

/** The reverse; null for any other family. */
export function decodeSocketAddress(encoded: Uint8Array<ArrayBuffer>): SocketAddress | null {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.length < 16) return null;
  const family = view.getUint16(0, true);
  const port = view.getUint16(2);
  if (family === AF_INET) return { family: 4, bytes: encoded.slice(4, 8), scopeId: 0, port };
  if (family !== AF_INET6 || encoded.length < 28) return null;
  return { family: 6, bytes: encoded.slice(8, 24), scopeId: view.getUint32(24, true), port };
}

/** sun_path of struct sockaddr_un holds 108 bytes. */
const UNIX_PATH_MAX = 108;

/** struct sockaddr_un for a path, or for an abstract name when it starts with `@`. Throws `RangeError` when it is too long. */
export function encodeUnixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  if (path === "" || name.length > UNIX_PATH_MAX) {
    throw new RangeError(`"path" expected 1 to ${UNIX_PATH_MAX - 1} bytes, got ${name.length - 1}`);
  }
  const encoded = new Uint8Array(2 + name.length);
  encoded[0] = AF_UNIX;
  encoded.set(name, 2);
  return encoded;
}
