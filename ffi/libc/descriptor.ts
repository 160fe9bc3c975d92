/**
 * Reading from a descriptor that the caller handed over (`--fd N`, `--stdin`). The runtime has descriptors of its own
 * among the small numbers; all of those are close-on-exec, and nothing inherited can be, so that flag tells them apart.
 */
import { E, F_GETFD } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { errno, errnoError, lazyLibc } from "./errno.ts";
import { closeFd, pollFds, POLLIN, readFd } from "./fd.ts";

const libc = lazyLibc({
  /** int fcntl(int fd, int op) */
  fcntl: { parameters: ["i32", "i32"], result: "i32" },
});

/** A descriptor that was inherited. Disposal closes it. */
export interface InheritedDescriptor extends Disposable {
  /**
   * The next line without its line feed; null at the end. A last line without line feed counts.
   *
   * @throws FfiError when it is longer than `limit` bytes
   */
  readLine(limit: number): Promise<Uint8Array | null>;
  /** Everything that is left. @throws FfiError when it is more than `limit` bytes */
  readAll(limit: number): Promise<Uint8Array>;
}

/**
 * Takes over a descriptor of the caller's: pipe, file, socket or terminal.
 *
 * @throws FfiError EBADF (text `Bad file descriptor`) when there is none of that number, or when it is the runtime's own
 * @tags allow-ffi
 */
export function openInherited(fd: number): InheritedDescriptor {
  const flags = libc().fcntl(fd, F_GETFD);
  if (flags !== 0) {
    const code = flags < 0 ? errno() : E.BADF;
    throw errnoError(
      code,
      "fcntl",
      `read from descriptor ${fd}`,
      `open it for this program: fwknop … --fd ${fd} ${fd}<FILE`,
    );
  }
  return new Inherited(fd);
}

const LINE_FEED = 0x0a;

class Inherited implements InheritedDescriptor {
  #fd: number;
  #ended = false;
  /** Read from the descriptor and not handed out yet. */
  #waiting = new Uint8Array(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  async readLine(limit: number): Promise<Uint8Array | null> {
    let searched = 0;
    while (true) {
      const end = this.#waiting.indexOf(LINE_FEED, searched);
      if (end >= 0 || this.#ended) {
        const found = this.#waiting.slice(0, end < 0 ? this.#waiting.length : end);
        if (found.length > limit) throw this.#tooLong(limit);
        const nothing = end < 0 && found.length === 0;
        this.#waiting = this.#waiting.slice(end < 0 ? found.length : end + 1);
        return nothing ? null : found;
      }
      if (this.#waiting.length > limit) throw this.#tooLong(limit);
      searched = this.#waiting.length;
      await this.#readMore();
    }
  }

  async readAll(limit: number): Promise<Uint8Array> {
    while (!this.#ended && this.#waiting.length <= limit) await this.#readMore();
    if (this.#waiting.length > limit) throw this.#tooLong(limit);
    const all = this.#waiting;
    this.#waiting = new Uint8Array(0);
    return all;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
    this.#waiting.fill(0);
  }

  async #readMore(): Promise<void> {
    if (this.#fd < 0) throw new TypeError(`"descriptor" expected to be open, is closed`);
    await pollFds([{ fd: this.#fd, events: POLLIN }], -1);
    const chunk = new Uint8Array(4096);
    const count = readFd(this.#fd, chunk);
    if (count === 0) this.#ended = true;
    const longer = new Uint8Array(this.#waiting.length + (count ?? 0));
    longer.set(this.#waiting);
    longer.set(chunk.subarray(0, count ?? 0), this.#waiting.length);
    this.#waiting.fill(0);
    chunk.fill(0);
    this.#waiting = longer;
  }

  #tooLong(limit: number): FfiError {
    return new FfiError(`Cannot read from descriptor ${this.#fd}: more than ${limit} bytes`, { library: "libc" });
  }
}
