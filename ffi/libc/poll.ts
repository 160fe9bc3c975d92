/**
 * Waiting for descriptors without a sleeping loop: `poll(2)` on a thread of the runtime, while timers and signals of the
 * main thread go on. An eventfd in the set ends a wait from our side; without it a pending poll would hold the process.
 * Where something is ready already no thread is asked, which takes longer than what there is to do: then a look is enough.
 * While more comes all the time the main thread naps between two looks: to fall asleep and wake up for each packet of a flood
 * costs several times as much as the packet.
 */
import { E, POLLFD_SIZE } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, POLLIN, POLLNVAL } from "./fd.ts";

const libc = lazyLibc({
  /** int poll(struct pollfd *fds, nfds_t nfds, int timeout) */
  pollElsewhere: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  /** the same on the calling thread, where errno can be read afterwards */
  pollHere: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32" },
  /** int usleep(useconds_t usec) */
  usleep: { parameters: ["u32"], result: "i32" },
  /** int eventfd(unsigned int initval, int flags) */
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  /** ssize_t read(int fd, void *buf, size_t count) */
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
});

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
/** The largest time-out that fits `int`; a longer one is waited for in turns. */
const LONGEST_TURN_MS = 0x7fffffff;
/** So long waits may end with a look: then a thread is asked again, for timers and signals have their turn only meanwhile. */
const LOOKING_MS = 4;
/** More comes all the time when so many waits in a row have found something within so many milliseconds each. */
const MANY_WAITS = 32, SOON_MS = 2;
/** Where others use the processor as well a nap may take that long. */
const LONG_NAP_MS = 20;
/** How long a nap is: a knock in a flood waits for that, and some ten packets come meanwhile. */
const NAP_MS = 0.4;
/** After a nap in which nothing came it is waited here for so long before a thread is asked. */
const LINGER_MS = 1;

/**
 * A set of descriptors, and at most one wait on them at a time.
 *
 * The waiter owns only its eventfd: watched descriptors stay the caller's, who unwatches one before closing it.
 *
 * @tags allow-ffi
 */
export class Waiter implements Disposable {
  readonly #watched = new Set<number>();
  readonly #eventfd: number;
  /** eventfd first, then the watched ones; always off the JavaScript heap, so its address stays. */
  #pollfds = new DataView(new ArrayBuffer(POLLFD_SIZE));
  /** The same memory, as foreign calls take it. */
  #bytes = new Uint8Array(this.#pollfds.buffer);
  #askedThreadAt = -Infinity;
  /** Waits in a row that found something soon. */
  #soon = 0;
  #stale = true;
  #waiting = false;
  #wakeAsked = false;
  #disposed = false;

  constructor() {
    this.#eventfd = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.#eventfd < 0) throwErrno("eventfd", "wait for descriptors");
  }

  /** Adds a descriptor. A wait in progress takes it in. Watching it twice has no further effect. */
  watch(fd: number): void {
    if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`"fd" expected a descriptor, got ${fd}`);
    if (this.#watched.has(fd)) return;
    this.#watched.add(fd);
    this.#changed();
  }

  /** Takes a descriptor out; a wait in progress no longer reports it. One that is not watched is ignored. */
  unwatch(fd: number): void {
    if (this.#watched.delete(fd)) this.#changed();
  }

  /**
   * Waits until a watched descriptor is readable, in error or hung up, until {@link wake}, disposal, or the time is over
   * (`-1`: for ever; `0`: looks only). Resolves to the ready descriptors: none after a time-out, a wake or disposal.
   * A descriptor that somebody closed is reported once and then unwatched, so that it cannot spin.
   *
   * Throws when another wait is in progress, when disposed already, and {@link FfiError} when the kernel refuses.
   */
  async wait(timeoutMs: number): Promise<ReadonlySet<number>> {
    if (this.#disposed) throw new FfiError("Cannot wait: the waiter is disposed", { library: "libc", symbol: "poll" });
    if (this.#waiting) throw new FfiError("Cannot wait: a wait is in progress", { library: "libc", symbol: "poll" });
    this.#waiting = true;
    const begin = performance.now();
    try {
      const ready = await this.#waitInTurns(timeoutMs < 0 ? Infinity : begin + timeoutMs);
      this.#note(ready.size > 0, performance.now() - begin);
      return ready;
    } finally {
      this.#waiting = false;
      if (this.#disposed) closeFd(this.#eventfd);
    }
  }

  /** Ends the wait in progress, or the next one if there is none. For signal handlers and timers. */
  wake(): void {
    if (this.#disposed) return;
    this.#wakeAsked = true;
    this.#signal();
  }

  /** Ends a wait in progress and gives the eventfd back. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#watched.clear();
    if (this.#waiting) this.#signal();
    else closeFd(this.#eventfd);
  }

  async #waitInTurns(deadline: number): Promise<ReadonlySet<number>> {
    while (true) {
      const pollfds = this.#current();
      const left = Math.max(Math.ceil(deadline - performance.now()), 0);
      const turn = deadline === Infinity ? -1 : Math.min(left, LONGEST_TURN_MS);
      let result = this.#soon >= MANY_WAITS && left > LINGER_MS ? await this.#nap() : this.#look(0);
      if (result <= 0) {
        result = await libc().pollElsewhere(this.#bytes, BigInt(pollfds.byteLength / POLLFD_SIZE), turn);
        this.#askedThreadAt = performance.now();
      }
      if (result < 0) this.#checkRefusal(pollfds);
      if (this.#disposed) return new Set();
      const woken = result > 0 && revents(pollfds, 0) !== 0;
      if (woken) libc().read(this.#eventfd, new Uint8Array(8), 8n);
      const ready = result > 0 ? this.#collect(pollfds) : new Set<number>();
      const asked = this.#wakeAsked;
      this.#wakeAsked = false;
      // Woken without being asked: the set has changed, so the next turn waits for the new one.
      if (ready.size > 0 || asked) return ready;
      if (result === 0 && performance.now() >= deadline) return ready;
    }
  }

  /** What is ready now; nothing where it is a thread's turn, or poll(2) refuses: the thread will be told the same. */
  #look(timeoutMs: number): number {
    if (performance.now() - this.#askedThreadAt >= LOOKING_MS) return 0;
    return libc().pollHere(this.#bytes, BigInt(this.#bytes.length / POLLFD_SIZE), timeoutMs);
  }

  #note(found: boolean, tookMs: number): void {
    if (tookMs > (this.#soon >= MANY_WAITS ? LONG_NAP_MS : SOON_MS)) this.#soon = 0;
    else if (found) this.#soon++;
  }

  /** The same in a flood. What other threads have finished has its turn before; the thread then answers for timers and signals. */
  async #nap(): Promise<number> {
    await new Promise<void>((resolve) => (globalThis as unknown as Immediates).setImmediate(resolve));
    libc().usleep(NAP_MS * 1000);
    const result = this.#look(LINGER_MS);
    if (result === 0 && performance.now() - this.#askedThreadAt < LOOKING_MS) this.#soon = 0;
    return result;
  }

  /** The array for the next turn; a new one after a change, because the kernel may still be writing to the old one. */
  #current(): DataView<ArrayBuffer> {
    if (!this.#stale) return this.#pollfds;
    this.#stale = false;
    this.#pollfds = new DataView(new ArrayBuffer((this.#watched.size + 1) * POLLFD_SIZE));
    this.#bytes = new Uint8Array(this.#pollfds.buffer);
    let offset = 0;
    for (const fd of [this.#eventfd, ...this.#watched]) {
      this.#pollfds.setInt32(offset, fd, true);
      this.#pollfds.setInt16(offset + 4, POLLIN, true);
      offset += POLLFD_SIZE;
    }
    return this.#pollfds;
  }

  #collect(pollfds: DataView<ArrayBuffer>): Set<number> {
    const ready = new Set<number>();
    for (let index = 1; index * POLLFD_SIZE < pollfds.byteLength; index++) {
      const events = revents(pollfds, index);
      if (events === 0) continue;
      const fd = pollfds.getInt32(index * POLLFD_SIZE, true);
      if (!this.#watched.has(fd)) continue;
      ready.add(fd);
      if ((events & POLLNVAL) !== 0) {
        this.#watched.delete(fd);
        this.#stale = true;
      }
    }
    return ready;
  }

  /**
   * Throws when poll(2) was refused. That call ran on another thread, whose errno cannot be read, so it is repeated on
   * this one; an interrupted call is not a refusal.
   */
  #checkRefusal(pollfds: DataView<ArrayBuffer>): void {
    const copy = new Uint8Array(pollfds.buffer.slice(0));
    if (libc().pollHere(copy, BigInt(copy.length / POLLFD_SIZE), 0) >= 0) return;
    const code = errno();
    if (code !== E.INTR) throw errnoError(code, "poll", "wait for descriptors");
  }

  #changed(): void {
    this.#stale = true;
    if (this.#waiting && !this.#disposed) this.#signal();
  }

  /** A full counter (EAGAIN) means that an earlier wake is still unread: nothing to add. */
  #signal(): void {
    libc().write(this.#eventfd, ONE, 8n);
  }
}

/** What Deno 2.6 has as well and does not declare. Looked for when it is used: it is loaded then. */
interface Immediates {
  setImmediate(callback: () => void): void;
}

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

function revents(pollfds: DataView<ArrayBuffer>, index: number): number {
  return pollfds.getUint16(index * POLLFD_SIZE + 6, true);
}
