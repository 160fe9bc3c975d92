/**
 * The controlling terminal, for questions that must reach the person and for answers that must not be seen. What a
 * terminal understands as erase, kill and interrupt is the person's own setting, so it is read from there.
 */
import { E, O_CLOEXEC, O_RDWR } from "../abi.ts";
import { cString } from "../memory.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, pollFds, POLLIN, readFd, writeAll } from "./fd.ts";

const libc = lazyLibc({
  /** int open(const char *path, int flags) */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** int tcgetattr(int fd, struct termios *t) */
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  /** int tcsetattr(int fd, int when, const struct termios *t) */
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
});

const query = lazyLibc({
  /** int isatty(int fd) */
  isatty: { parameters: ["i32"], result: "i32" },
  /** int ttyname_r(int fd, char *buf, size_t buflen) */
  ttyname: { name: "ttyname_r", parameters: ["i32", "buffer", "usize"], result: "i32" },
  /** int ioctl(int fd, unsigned long op, struct winsize *size) */
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
});

const job = lazyLibc({
  /** int raise(int sig) */
  raise: { parameters: ["i32"], result: "i32" },
});

const SIGSTOP = 19;
const O_NOCTTY = 0o400;
const TIOCGWINSZ = 0x5413n;
const TCSAFLUSH = 2;
/** struct termios of Linux: four 32-bit flag words, c_line, c_cc[32], two speeds; 60 bytes. */
const TERMIOS = { size: 60, iflag: 0, lflag: 12, cc: 17 } as const;
const ICRNL = 0o400;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const CC = { interrupt: 0, erase: 2, kill: 3, end: 4, time: 5, min: 6 } as const;

/** The characters that this terminal uses for editing; null for one that is switched off. */
export interface EditingCharacters {
  readonly interrupt: number | null;
  readonly erase: number | null;
  readonly kill: number | null;
  readonly end: number | null;
}

/** A terminal that is open. Disposal gives it back as it was found. */
export interface Terminal extends Disposable {
  readonly characters: EditingCharacters;
  /** Shows text. */
  write(text: string): Promise<void>;
  /**
   * Until disposal of what it returns: no echo, every byte at once, no signals from the keyboard (Ctrl-C is a byte).
   * Carriage return still comes as line feed. What was typed before is thrown away.
   */
  quiet(): Disposable;
  /** The next bytes typed, at least one; none when the terminal is gone. */
  read(): Promise<Uint8Array>;
}

/**
 * Opens the controlling terminal.
 *
 * @returns null when the process has none
 * @tags allow-ffi
 */
export function openTerminal(path = "/dev/tty"): Terminal | null {
  const fd = libc().open(cString(path), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    const code = errno();
    if (code === E.NXIO || code === E.NOENT || code === E.ACCES) return null;
    throwErrno("open", `open "${path}"`);
  }
  try {
    return new OpenTerminal(fd, readAttributes(fd));
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Stops this process as Ctrl-Z does; returns when it is continued. */
export function stopThisProcess(): void {
  job().raise(SIGSTOP);
}

/** Whether the descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return query().isatty(fd) === 1;
}

/** Where the terminal behind a descriptor is, such as `/dev/pts/3`; null when it is none. */
export function terminalPath(fd: number): string | null {
  const path = new Uint8Array(256);
  if (query().ttyname(fd, path, BigInt(path.length)) !== 0) return null;
  return new TextDecoder().decode(path.subarray(0, path.indexOf(0)));
}

/** Columns and rows of the terminal behind a descriptor; null when it is none or does not know. */
export function windowSize(fd: number): { readonly columns: number; readonly rows: number } | null {
  const size = new DataView(new ArrayBuffer(8));
  if (query().ioctl(fd, TIOCGWINSZ, new Uint8Array(size.buffer)) !== 0) return null;
  const [rows, columns] = [size.getUint16(0, true), size.getUint16(2, true)];
  return rows > 0 && columns > 0 ? { columns, rows } : null;
}

class OpenTerminal implements Terminal {
  readonly characters: EditingCharacters;
  #fd: number;
  #quiet = false;
  readonly #found: Uint8Array<ArrayBuffer>;

  constructor(fd: number, found: Uint8Array<ArrayBuffer>) {
    this.#fd = fd;
    this.#found = found;
    const character = (index: number) => found[TERMIOS.cc + index] || null;
    this.characters = {
      interrupt: character(CC.interrupt),
      erase: character(CC.erase),
      kill: character(CC.kill),
      end: character(CC.end),
    };
  }

  async write(text: string): Promise<void> {
    await writeAll(this.#fd, new TextEncoder().encode(text));
  }

  quiet(): Disposable {
    const changed = this.#found.slice();
    const view = new DataView(changed.buffer);
    view.setUint32(TERMIOS.lflag, view.getUint32(TERMIOS.lflag, true) & ~(ECHO | ICANON | ISIG), true);
    view.setUint32(TERMIOS.iflag, view.getUint32(TERMIOS.iflag, true) | ICRNL, true);
    changed[TERMIOS.cc + CC.min] = 1;
    changed[TERMIOS.cc + CC.time] = 0;
    this.#apply(changed);
    this.#quiet = true;
    return { [Symbol.dispose]: () => this.#restore() };
  }

  async read(): Promise<Uint8Array> {
    const typed = new Uint8Array(256);
    await pollFds([{ fd: this.#fd, events: POLLIN }], -1);
    return typed.subarray(0, readFd(this.#fd, typed) ?? 0);
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    try {
      this.#restore();
    } finally {
      closeFd(this.#fd);
      this.#fd = -1;
    }
  }

  #restore(): void {
    if (!this.#quiet) return;
    this.#quiet = false;
    this.#apply(this.#found);
  }

  #apply(attributes: Uint8Array<ArrayBuffer>): void {
    while (libc().tcsetattr(this.#fd, TCSAFLUSH, attributes) !== 0) {
      if (errno() !== E.INTR) throwErrno("tcsetattr", "change the settings of the terminal");
    }
  }
}

function readAttributes(fd: number): Uint8Array<ArrayBuffer> {
  const attributes = new Uint8Array(TERMIOS.size);
  if (libc().tcgetattr(fd, attributes) !== 0) throwErrno("tcgetattr", "read the settings of the terminal");
  return attributes;
}
