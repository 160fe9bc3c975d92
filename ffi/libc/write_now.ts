/** Writing to a descriptor that others may share, without ever waiting for who reads at its other end. */
import { FfiError } from "../errors.ts";
import { POLLERR, pollFdsHere, POLLHUP, POLLOUT, writeFd } from "./fd.ts";

/** PIPE_BUF: a pipe that poll(2) calls writable has room for at least so much, so a blocking write of it does not block. */
const PIECE = 4096;

/**
 * Writes as much as is taken at once. The descriptor itself stays as it is: O_NONBLOCK would hold for every program that
 * has the same terminal or pipe.
 *
 * @returns the number of bytes written, from the front; fewer than all when there is no room or nobody reads any more
 * @tags allow-ffi
 */
export function writeNow(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  let done = 0;
  try {
    while (done < bytes.length) {
      const [events = 0] = pollFdsHere([{ fd, events: POLLOUT }], 0);
      if ((events & POLLOUT) === 0 || (events & (POLLERR | POLLHUP)) !== 0) break;
      const count = writeFd(fd, bytes.subarray(done, done + PIECE));
      if (count === 0) break;
      done += count;
    }
  } catch (error) {
    // A full disk, a reader that left just now: what was written counts.
    if (!(error instanceof FfiError)) throw error;
  }
  return done;
}
