/** Becoming another program: same process, same descriptors 0 to 2, its exit code is ours. */
import { F_SETFD, FD_CLOEXEC, SIG_DFL, SIG_IGN, SIGUSR1 } from "../abi.ts";
import { allocateCopy, cString } from "../memory.ts";
import { errno, errnoError, lazyLibc } from "./errno.ts";
import { restoreCoreLimit } from "./private_memory.ts";
import { stringVector } from "./string_vector.ts";

const libc = lazyLibc({
  /** int execvp(const char *file, char *const argv[]) */
  execvp: { parameters: ["usize", "usize"], result: "i32" },
  /** int clearenv(void) */
  clearenv: { parameters: [], result: "i32" },
  /** int setenv(const char *name, const char *value, int overwrite) */
  setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** sighandler_t signal(int signum, sighandler_t handler) */
  signal: { parameters: ["i32", "usize"], result: "usize" },
  /** int sigprocmask(int how, const sigset_t *set, sigset_t *oldset) */
  sigprocmask: { parameters: ["i32", "buffer", "usize"], result: "i32" },
});

const SIGPIPE = 13;
const SIG_SETMASK = 2;
/** sizeof(sigset_t) */
const SIGSET_SIZE = 128;

/** Nothing of the environment is left but `PATH`: for what this program becomes. */
export function clearEnvironment(path: string): void {
  libc().clearenv();
  libc().setenv(cString("PATH"), cString(path), 1);
}

/** Descriptors that are looked at: of those behind them none is inherited from anybody who starts services. */
const MOST_DESCRIPTORS = 1024;

/** No descriptor but 0 to 2 is left to what this program becomes. For C libraries whose posix_spawn cannot see to that. */
export function keepDescriptorsBack(): void {
  for (let fd = 3; fd < MOST_DESCRIPTORS; fd++) libc().fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/**
 * Replaces this program by `command`, looked for in PATH as a shell does. Returns only by throwing.
 *
 * SIGPIPE, which the runtime ignores, and SIGUSR1, which `refuseDebugger()` ignores, are put back first: ignored signals
 * stay ignored across exec, and a command whose reader went away would go on for ever. So is the limit of core dumps.
 *
 * @param command the program and its arguments; no shell is involved
 * @throws FfiError with the errno (ENOENT, EACCES, …); this program then goes on as before
 * @tags allow-ffi
 */
export function becomeCommand(command: readonly [program: string, ...args: string[]]): never {
  const [program] = command;
  using file = allocateCopy(cString(program));
  using argv = stringVector(command);
  const former = [SIGPIPE, SIGUSR1].map((signal) => ({ signal, before: libc().signal(signal, SIG_DFL) }));
  restoreCoreLimit();
  libc().sigprocmask(SIG_SETMASK, new Uint8Array(SIGSET_SIZE), 0n);
  libc().execvp(file.address, argv.address);
  const code = errno();
  for (const { signal, before } of former) libc().signal(signal, before === SIG_IGN ? SIG_IGN : SIG_DFL);
  throw errnoError(code, "execvp", `run "${program}"`, "check that it is installed and in PATH");
}
