/** read, write, close and poll on any descriptor. Interrupted calls are retried; errors are thrown. */
import { E, POLLFD_SIZE } from "../abi.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** ssize_t read(int fd, void *buf, size_t count) */
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
  /** int poll(struct pollfd *fds, nfds_t nfds, int timeout) */
  pollHere: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32" },
  /** the same on a thread of the runtime */
  pollElsewhere: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
});

/** Events of poll(2). */
export const POLLIN = 0x01;
export const POLLOUT = 0x04;
export const POLLERR = 0x08;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

/** A descriptor and what poll(2) is to wait for on it. */
export interface Interest {
  readonly fd: number;
  /** `POLLIN`, `POLLOUT` or both; 0 asks for errors and hang-up only. A negative `fd` is skipped. */
  readonly events: number;
}

/**
 * One read into `target`. Returns the number of bytes, 0 at the end, `null` when nothing is there yet (non-blocking
 * descriptors).
 *
 * @tags allow-ffi
 */
export function readFd(fd: number, target: Uint8Array<ArrayBuffer>): number | null {
  while (true) {
    const count = Number(libc().read(fd, target, BigInt(target.length)));
    if (count >= 0) return count;
    const code = errno();
    if (code === E.AGAIN) return null;
    if (code !== E.INTR) throwErrno("read", `read from descriptor ${fd}`);
  }
}

/** One write. Returns the number of bytes taken, 0 when there is no room now (non-blocking descriptors). */
export function writeFd(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  while (true) {
    const count = Number(libc().write(fd, bytes, BigInt(bytes.length)));
    if (count >= 0) return count;
    const code = errno();
    if (code === E.AGAIN) return 0;
    if (code !== E.INTR) throwErrno("write", `write to descriptor ${fd}`);
  }
}

/** Closes. Never throws and is never repeated: on Linux the descriptor is gone whatever close(2) answers. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

/**
 * Waits without holding up the main thread. Resolves to the events seen, in the order of `interests`: all 0 when the time is over.
 *
 * @param timeoutMs -1: for ever
 */
export async function pollFds(interests: readonly Interest[], timeoutMs: number): Promise<number[]> {
  const deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
  while (true) {
    const pollfds = encodeInterests(interests);
    const left = deadline === Infinity
      ? -1
      : Math.min(Math.max(Math.ceil(deadline - performance.now()), 0), 0x7fffffff);
    const result = await libc().pollElsewhere(pollfds, BigInt(interests.length), left);
    if (result > 0) return decodeEvents(pollfds, interests.length);
    if (result < 0) checkRefusal(interests);
    if (result === 0 && performance.now() >= deadline) return interests.map(() => 0);
  }
}

/** Looks at the descriptors on the calling thread and waits at most `timeoutMs`: for waits of a few milliseconds. */
export function pollFdsHere(interests: readonly Interest[], timeoutMs: number): number[] {
  const pollfds = encodeInterests(interests);
  const result = libc().pollHere(pollfds, BigInt(interests.length), timeoutMs);
  if (result < 0 && errno() !== E.INTR) throwErrno("poll", "wait for descriptors");
  return result > 0 ? decodeEvents(pollfds, interests.length) : interests.map(() => 0);
}

/** Writes everything, waiting for room where there is none. */
export async function writeAll(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const count = writeFd(fd, rest);
    rest = rest.subarray(count);
    if (count === 0) await pollFds([{ fd, events: POLLOUT }], -1);
  }
}

/**
 * Throws when poll(2) was refused. That call ran on another thread, whose errno cannot be read, so it is repeated on
 * this one; an interrupted call is not a refusal.
 */
function checkRefusal(interests: readonly Interest[]): void {
  pollFdsHere(interests, 0);
}

function encodeInterests(interests: readonly Interest[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(Math.max(interests.length, 1) * POLLFD_SIZE));
  for (const [index, { fd, events }] of interests.entries()) {
    view.setInt32(index * POLLFD_SIZE, fd, true);
    view.setInt16(index * POLLFD_SIZE + 4, events, true);
  }
  return new Uint8Array(view.buffer);
}

function decodeEvents(pollfds: Uint8Array<ArrayBuffer>, count: number): number[] {
  const view = new DataView(pollfds.buffer);
  return Array.from({ length: count }, (_, index) => view.getUint16(index * POLLFD_SIZE + 6, true));
}
