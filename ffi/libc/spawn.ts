/** Starting programs with posix_spawn(3): what a child gets of descriptors, folder and environment is listed, and nothing else is. */
import { O_CLOEXEC, O_RDWR } from "../abi.ts";
import { allocate, cString } from "../memory.ts";
import { errnoError, lazyLibc, throwErrno } from "./errno.ts";
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
  /** int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *path); glibc 2.29 */
  addFolder: { name: "posix_spawn_file_actions_addchdir_np", parameters: ["usize", "buffer"], result: "i32" },
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

/** What to start. */
export interface Spawning {
  /** Absolute path. */
  readonly path: string;
  /** Without the program itself. */
  readonly args: readonly string[];
  /** The whole environment of the child; nothing else is passed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Its descriptors from 0 on: one of ours, or null for /dev/null. It gets no other. */
  readonly descriptors: readonly (number | null)[];
  /** The folder in which it starts. Default: ours. */
  readonly folder?: string;
}

/**
 * Starts a program in a session and process group of its own, whose number is its process id.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @tags allow-ffi
 */
export function spawnProgram({ path, args, env, descriptors, folder }: Spawning): number {
  using actions = allocate(OPAQUE_SIZE);
  using attributes = allocate(OPAQUE_SIZE);
  using argv = stringVector([path, ...args]);
  using envp = stringVector(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  libc().actionsInit(actions.address);
  libc().attributesInit(attributes.address);
  try {
    for (const [fd, from] of descriptors.entries()) {
      if (from === null) libc().addOpen(actions.address, fd, cString("/dev/null"), O_RDWR, 0);
      else libc().addDup2(actions.address, from, fd);
    }
    if (folder !== undefined) libc().addFolder(actions.address, cString(folder));
    libc().addCloseFrom?.(actions.address, descriptors.length);
    libc().setFlags(attributes.address, POSIX_SPAWN_SETSID);
    const pid = new DataView(new ArrayBuffer(4));
    const code = libc().posixSpawn(
      new Uint8Array(pid.buffer),
      cString(path),
      actions.address,
      attributes.address,
      argv.address,
      envp.address,
    );
    if (code !== 0) throw errnoError(code, "posix_spawn", `start "${path}"`);
    return pid.getInt32(0, true);
  } finally {
    libc().actionsDestroy(actions.address);
    libc().attributesDestroy(attributes.address);
  }
}

/** A pipe of which no child inherits an end. */
export function openPipe(): readonly [readEnd: number, writeEnd: number] {
  const fds = new DataView(new ArrayBuffer(8));
  if (libc().pipe2(new Uint8Array(fds.buffer), O_CLOEXEC) !== 0) throwErrno("pipe2", "make a pipe");
  return [fds.getInt32(0, true), fds.getInt32(4, true)];
}
