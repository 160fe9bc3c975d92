/**
 * Going to the background. Deno cannot fork, so the program starts itself once more: in a session of its own, descriptors
 * 0 to 2 on /dev/null, and the write end of a pipe as descriptor 3, on which the child says how its start went. The
 * starter waits for that word and exits with it.
 */
import { FfiError } from "../errors.ts";
import { closeFd, pollFds, POLLIN, readFd, writeAll } from "./fd.ts";
import { openPipe, type Spawning, spawnProgram } from "./spawn.ts";

/** The descriptor on which a program started by {@link startInBackground} says how its start went. */
export const READINESS_FD = 3;

/** What to start. */
export type BackgroundProgram = Pick<Spawning, "path" | "args" | "env">;

/** A child that has been started. */
export interface BackgroundChild {
  readonly pid: number;
  /**
   * All that the child said on descriptor 3 until it closed it, by {@link notifyReady} or by its death (then usually
   * empty); null when the time was over first.
   *
   * @param timeoutMs -1: for ever
   */
  readiness(timeoutMs: number): Promise<string | null>;
}

/**
 * Starts the program detached from terminal and session.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @tags allow-ffi
 */
export function startInBackground(program: BackgroundProgram): BackgroundChild {
  const [readEnd, writeEnd] = openPipe();
  try {
    const pid = spawnProgram({ ...program, descriptors: [null, null, null, writeEnd] });
    return { pid, readiness: (timeoutMs) => readUntilClosed(readEnd, timeoutMs) };
  } catch (error) {
    closeFd(readEnd);
    throw error;
  } finally {
    closeFd(writeEnd);
  }
}

/** The child's end: writes the message and closes the descriptor, which ends the starter's wait. A starter that is gone is no error. */
export async function notifyReady(fd: number, message: string): Promise<void> {
  try {
    await writeAll(fd, new TextEncoder().encode(message));
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
  } finally {
    closeFd(fd);
  }
}

async function readUntilClosed(fd: number, timeoutMs: number): Promise<string | null> {
  const deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(4096);
  let text = "";
  try {
    while (true) {
      const left = deadline === Infinity ? -1 : Math.max(deadline - performance.now(), 0);
      const [events] = await pollFds([{ fd, events: POLLIN }], left);
      if (events === 0) return null;
      const count = readFd(fd, chunk) ?? 0;
      if (count === 0) return text;
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    }
  } finally {
    closeFd(fd);
  }
}
