/**
 * Going to the background. Deno cannot fork, so the program starts itself once more: in a session of its own, descriptors
 * 0 to 2 on /dev/null, and the write end of a pipe as descriptor 3, on which the child says how its start went. The
 * starter waits for that word and exits with it.
 */
import { O_CLOEXEC, O_RDWR } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { allocate, cString } from "../memory.ts";
import { errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, pollFds, POLLIN, readFd, writeAll } from "./fd.ts";
import { stringVector } from "./string_vector.ts";

const libc = lazyLibc({
  /** int pipe2(int fds[2], int flags) */
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  /** int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const argv[], char *const envp[]) */
  posixSpawn: {
    name: "posix_spawn",
    parameters: ["buffer", "buffer", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  /** int posix_spawn_file_actions_init(posix_spawn_file_actions_t *) */
  actionsInit: { name: "posix_spawn_file_actions_init", parameters: ["usize"], result: "i32" },
  /** int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *) */
  actionsDestroy: { name: "posix_spawn_file_actions_destroy", parameters: ["usize"], result: "i32" },
  /** int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *, int fd, const char *path, int flags, mode_t mode) */
  addOpen: {
    name: "posix_spawn_file_actions_addopen",
    parameters: ["usize", "i32", "buffer", "i32", "u32"],
    result: "i32",
  },
  /** int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int fd, int newfd) */
  addDup2: { name: "posix_spawn_file_actions_adddup2", parameters: ["usize", "i32", "i32"], result: "i32" },
  /** int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int from); glibc 2.34 */
  addCloseFrom: {
    name: "posix_spawn_file_actions_addclosefrom_np",
    parameters: ["usize", "i32"],
    result: "i32",
    optional: true,
  },
  /** int posix_spawnattr_init(posix_spawnattr_t *) */
  attributesInit: { name: "posix_spawnattr_init", parameters: ["usize"], result: "i32" },
  /** int posix_spawnattr_destroy(posix_spawnattr_t *) */
  attributesDestroy: { name: "posix_spawnattr_destroy", parameters: ["usize"], result: "i32" },
  /** int posix_spawnattr_setflags(posix_spawnattr_t *, short flags) */
  setFlags: { name: "posix_spawnattr_setflags", parameters: ["usize", "i16"], result: "i32" },
});

const POSIX_SPAWN_SETSID = 0x80;
/** More than glibc's posix_spawn_file_actions_t (80 bytes) and posix_spawnattr_t (336 bytes). */
const OPAQUE_SIZE = 512;

/** The descriptor on which a program started by {@link startInBackground} says how its start went. */
export const READINESS_FD = 3;

/** What to start. */
export interface BackgroundProgram {
  /** Absolute path: of the compiled program, or of `deno`. */
  readonly path: string;
  /** Without the program itself. */
  readonly args: readonly string[];
  /** The whole environment of the child; nothing else is passed on. */
  readonly env: Readonly<Record<string, string>>;
}

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
    const pid = spawn(program, writeEnd);
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

function openPipe(): readonly [readEnd: number, writeEnd: number] {
  const fds = new DataView(new ArrayBuffer(8));
  if (libc().pipe2(new Uint8Array(fds.buffer), O_CLOEXEC) !== 0) throwErrno("pipe2", "make a pipe");
  return [fds.getInt32(0, true), fds.getInt32(4, true)];
}

function spawn(program: BackgroundProgram, writeEnd: number): number {
  using actions = allocate(OPAQUE_SIZE);
  using attributes = allocate(OPAQUE_SIZE);
  using argv = stringVector([program.path, ...program.args]);
  using envp = stringVector(Object.entries(program.env).map(([name, value]) => `${name}=${value}`));
  libc().actionsInit(actions.address);
  libc().attributesInit(attributes.address);
  try {
    for (const fd of [0, 1, 2]) libc().addOpen(actions.address, fd, cString("/dev/null"), O_RDWR, 0);
    libc().addDup2(actions.address, writeEnd, READINESS_FD);
    libc().addCloseFrom?.(actions.address, READINESS_FD + 1);
    libc().setFlags(attributes.address, POSIX_SPAWN_SETSID);
    const pid = new DataView(new ArrayBuffer(4));
    const code = libc().posixSpawn(
      new Uint8Array(pid.buffer),
      cString(program.path),
      actions.address,
      attributes.address,
      argv.address,
      envp.address,
    );
    if (code !== 0) throw errnoError(code, "posix_spawn", `start "${program.path}" in the background`);
    return pid.getInt32(0, true);
  } finally {
    libc().actionsDestroy(actions.address);
    libc().attributesDestroy(attributes.address);
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
