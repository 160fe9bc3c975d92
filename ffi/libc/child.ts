/** A program that was started and is watched: its end and its output are descriptors for poll(2), and nothing here waits. */
import { F_SETFL, O_NONBLOCK } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, readFd } from "./fd.ts";
import { openPipe, type Spawning, spawnProgram } from "./spawn.ts";

const libc = lazyLibc({
  /** int pidfd_open(pid_t pid, unsigned int flags); glibc 2.36 */
  pidfdOpen: { name: "pidfd_open", parameters: ["i32", "u32"], result: "i32", optional: true },
  /** long syscall(long number, ...), here: pid_t pid, unsigned int flags */
  syscall: { parameters: ["isize", "isize", "isize"], result: "isize" },
  /** pid_t waitpid(pid_t pid, int *wstatus, int options) */
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  /** int kill(pid_t pid, int sig) */
  kill: { parameters: ["i32", "i32"], result: "i32" },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

/** The number of pidfd_open on every architecture; Linux 5.3. */
const SYS_PIDFD_OPEN = 434n;
const WNOHANG = 1;
const SIGNALS = { terminate: 15, kill: 9 } as const;

/** How a program ended: by itself with an exit status, or by a signal. */
export type ChildEnd = { readonly status: number } | { readonly signal: number };

/** A program that runs. Disposal closes the descriptor; it does not end the program. */
export interface Process extends Disposable {
  readonly pid: number;
  /** Readable when the program has ended. */
  readonly endFd: number;
  /** Sends a signal to all of its process group. That nobody is left in it is no error. */
  signalGroup(signal: keyof typeof SIGNALS): void;
  /** How it ended; null as long as it runs. Afterwards its process id may be somebody else's: no signal may be sent. */
  reap(): ChildEnd | null;
}

/** A program whose output is read. Disposal closes both descriptors. */
export interface Child extends Process {
  /** Readable when the program, or one that it started, has printed something, or all have closed their end. */
  readonly outputFd: number;
  /** What was printed on standard output and error; how many bytes, 0 at the end, null where there is nothing now. */
  readOutput(target: Uint8Array<ArrayBuffer>): number | null;
}

/**
 * Starts a program with nothing to read on its standard input.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @tags allow-ffi
 */
export function startChild(program: Omit<Spawning, "descriptors">): Child {
  const [outputFd, writeEnd] = openPipe();
  try {
    const process = startProcess({ ...program, descriptors: [null, writeEnd, writeEnd] });
    readWithoutWaiting(outputFd);
    return new ReadChild(process, outputFd);
  } catch (error) {
    closeFd(outputFd);
    throw error;
  } finally {
    closeFd(writeEnd);
  }
}

/** From now on a read gives what is there. */
export function readWithoutWaiting(fd: number): void {
  libc().fcntl(fd, F_SETFL, O_NONBLOCK);
}

/**
 * Starts a program and watches it.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @tags allow-ffi
 */
export function startProcess(program: Spawning): Process {
  const pid = spawnProgram(program);
  const endFd = openPidFd(pid);
  if (endFd >= 0) return new StartedProcess(pid, endFd);
  const code = errno();
  // Nobody could hear of its end.
  libc().kill(-pid, SIGNALS.kill);
  libc().waitpid(pid, new Uint8Array(4), 0);
  throw new FfiError(`Cannot watch the process ${pid}: pidfd_open failed`, {
    library: "libc",
    symbol: "pidfd_open",
    code,
    hint: "programs need Linux 5.3 to be watched",
  });
}

/** Close-on-exec, as the kernel makes them. */
function openPidFd(pid: number): number {
  const open = libc().pidfdOpen;
  return open === null ? Number(libc().syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n)) : open(pid, 0);
}

class StartedProcess implements Process {
  #isOpen = true;
  #isReaped = false;

  constructor(readonly pid: number, readonly endFd: number) {}

  signalGroup(signal: keyof typeof SIGNALS): void {
    if (!this.#isReaped) libc().kill(-this.pid, SIGNALS[signal]);
  }

  reap(): ChildEnd | null {
    const status = new DataView(new ArrayBuffer(4));
    const pid = libc().waitpid(this.pid, new Uint8Array(status.buffer), WNOHANG);
    if (pid === 0) return null;
    if (pid < 0) throwErrno("waitpid", `learn how the process ${this.pid} ended`);
    this.#isReaped = true;
    const word = status.getInt32(0, true);
    const signal = word & 0x7f;
    return signal === 0 ? { status: word >> 8 & 0xff } : { signal };
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeFd(this.endFd);
  }
}

class ReadChild implements Child {
  readonly #process: Process;
  #isOpen = true;

  constructor(process: Process, readonly outputFd: number) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get endFd(): number {
    return this.#process.endFd;
  }

  readOutput(target: Uint8Array<ArrayBuffer>): number | null {
    return readFd(this.outputFd, target);
  }

  signalGroup(signal: keyof typeof SIGNALS): void {
    this.#process.signalGroup(signal);
  }

  reap(): ChildEnd | null {
    return this.#process.reap();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#process[Symbol.dispose]();
    closeFd(this.outputFd);
  }
}
