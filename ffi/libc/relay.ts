/**
 * Carrying bytes both ways between two pairs of descriptors until both directions have ended: `nc`, as a function. Each
 * direction ends by itself (half-close): an end of input is passed on as shutdown, while the answer still comes.
 */
import { E, F_GETFL, F_SETFL, O_NONBLOCK } from "../abi.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { type Interest, POLLERR, pollFds, pollFdsHere, POLLHUP, POLLIN, POLLOUT } from "./fd.ts";
import { giveUpOutput } from "./give_up_output.ts";
import { isTerminal } from "./terminal.ts";

const libc = lazyLibc({
  /** ssize_t read(int fd, void *buf, size_t count) */
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

/** Four times what a pipe holds; larger ones bring nothing (measured beside `nc`). */
const CHUNK = 256 * 1024;
/**
 * A wait on another thread costs 30 to 60 us, a look on the spot 2. So in a steady flow that many turns are taken before
 * the main thread is let go for a moment: signals must still come through.
 */
const TURNS_ON_THE_SPOT = 64;

/** One end: where to read and where to write. For a socket the same number twice. */
export interface RelayEnd {
  readonly input: number;
  readonly output: number;
}

/** Bytes that were carried from near to far, and back. */
export interface RelayCount {
  readonly sent: number;
  readonly received: number;
}

/**
 * Relays until both directions have ended: by an end of input, or because nobody is left to take the output.
 *
 * All but terminals are made non-blocking for the time of the relay (a terminal is shared with the shell). When a
 * direction ends, its output is given up ({@link giveUpOutput}). Inputs stay open.
 *
 * @throws FfiError with the errno when reading or writing fails for another reason than the other end being gone
 * @tags allow-ffi
 */
export async function relay(near: RelayEnd, far: RelayEnd): Promise<RelayCount> {
  const flags = [...new Set([near.input, near.output, far.input, far.output])].map(makeNonBlocking);
  const there = new Direction(near.input, far.output);
  const back = new Direction(far.input, near.output);
  try {
    for (let turn = 1; true; turn++) {
      there.move();
      back.move();
      if (there.ended && back.ended) return { sent: there.carried, received: back.carried };
      const interests = [there.interest(), back.interest(), there.outlook(), back.outlook()];
      let events = turn % TURNS_ON_THE_SPOT === 0 ? [] : pollFdsHere(interests, 0);
      if (events.every((seen) => seen === 0)) events = await pollFds(interests, -1);
      there.notice(events[2] ?? 0);
      back.notice(events[3] ?? 0);
    }
  } finally {
    for (const { fd, before } of flags) libc().fcntl(fd, F_SETFL, before);
  }
}

/** One way. Holds at most one chunk that the output has not taken yet. */
class Direction {
  ended = false;
  carried = 0;
  readonly #chunk = new Uint8Array(CHUNK);
  #pending = this.#chunk.subarray(0, 0);

  constructor(readonly input: number, readonly output: number) {}

  /** What to wait for: room when something is pending, else bytes; nothing once it has ended. */
  interest(): Interest {
    if (this.ended) return { fd: -1, events: 0 };
    return this.#pending.length > 0 ? { fd: this.output, events: POLLOUT } : { fd: this.input, events: POLLIN };
  }

  /** What to watch while bytes are waited for: whether somebody could still take them. */
  outlook(): Interest {
    return { fd: this.ended || this.#pending.length > 0 ? -1 : this.output, events: 0 };
  }

  /** What was seen there. Where nobody is left, waiting for bytes could last for ever. */
  notice(events: number): void {
    if ((events & (POLLERR | POLLHUP)) !== 0) this.#end();
  }

  /** Carries what can be carried now. */
  move(): void {
    if (this.ended) return;
    if (this.#pending.length === 0) {
      const count = readSome(this.input, this.#chunk);
      if (count === null) return;
      if (count === 0) return this.#end();
      this.#pending = this.#chunk.subarray(0, count);
    }
    const written = writeSome(this.output, this.#pending);
    // Nobody takes it any more: what would come next is lost as well.
    if (written === null) return this.#end();
    this.#pending = this.#pending.subarray(written);
    this.carried += written;
  }

  #end(): void {
    this.ended = true;
    giveUpOutput(this.output);
  }
}

/** null: nothing there now. A connection that was reset, or a terminal that hung up (EIO), has ended. */
function readSome(fd: number, target: Uint8Array<ArrayBuffer>): number | null {
  const count = Number(libc().read(fd, target, BigInt(target.length)));
  if (count >= 0) return count;
  const code = errno();
  if (code === E.AGAIN || code === E.INTR) return null;
  if (code === E.CONNRESET || code === E.IO) return 0;
  throwErrno("read", "read from the connection");
}

/** null: the reader is gone for good. */
function writeSome(fd: number, bytes: Uint8Array<ArrayBuffer>): number | null {
  const count = Number(libc().write(fd, bytes, BigInt(bytes.length)));
  if (count >= 0) return count;
  const code = errno();
  if (code === E.AGAIN || code === E.INTR) return 0;
  if (code === E.PIPE || code === E.CONNRESET) return null;
  throwErrno("write", "write to the connection");
}

function makeNonBlocking(fd: number): { readonly fd: number; readonly before: number } {
  const before = libc().fcntl(fd, F_GETFL, 0);
  if (before < 0) throw errnoError(errno(), "fcntl", `relay descriptor ${fd}`);
  if (!isTerminal(fd)) libc().fcntl(fd, F_SETFL, before | O_NONBLOCK);
  return { fd, before };
}
