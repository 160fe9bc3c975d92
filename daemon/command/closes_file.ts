/**
 * The file of pending closes, beside the replay file: a door is in it before its open command runs, and until its close
 * command has ended. It is opened as the replay file is: nobody but root and the user of the daemon can have written it.
 */
import { FfiError } from "../../ffi/errors.ts";
import { type AppendFile, openAppendFile } from "../../ffi/libc/append_file.ts";
import { removeTrusted, renameTrusted } from "../../ffi/libc/trusted_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import type { Log } from "../../lib/log.ts";
import { CLOSES_HEADER, formatDone, formatPending, parseCloseLine, type PendingClose } from "./close_line.ts";

/** Where pending closes are kept. */
export interface ClosesFile extends Disposable {
  /** Those of an earlier run. A line that is none of ours is named and left out. */
  readonly left: readonly PendingClose[];
  /** On the disk when this returns, or else thrown: `ClosesFileError`. One of the same id is replaced. */
  add(closes: readonly PendingClose[]): void;
  /** These are done. On the disk as well; what cannot be written is run again at the next start, which is said. */
  remove(ids: readonly string[], log: Log): void;
}

/** The file cannot be used. `hint` is the operator's next move. */
export class ClosesFileError extends Error {
  override readonly name = "ClosesFileError";
  constructor(message: string, readonly hint: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The name of the file beside a replay file. */
export function closesPath(replayFile: string): string {
  return `${replayFile}-cycles`;
}

/** More than so many lines that no longer count, and more than there are others, and the file is written anew. */
const TOO_MANY_DEAD = 1000;
/** Nothing of ours is longer. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads the file. It is made when there is something to write, or at once where `make` is set.
 *
 * @tags allow-ffi
 * @throws {ClosesFileError} when it cannot be read and written, or another daemon keeps it
 */
export function openClosesFile(path: string, make: boolean, log: Log): ClosesFile {
  return attempt(path, () => {
    const file = new OpenClosesFile(path);
    file.load(make, log);
    return file;
  });
}

class OpenClosesFile implements ClosesFile {
  readonly #path: string;
  readonly #live = new Map<string, PendingClose>();
  #file: AppendFile | null = null;
  #dead = 0;
  left: readonly PendingClose[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  load(make: boolean, log: Log): void {
    this.#file = openLocked(this.#path, make ? "always" : "never");
    if (this.#file === null) return;
    const bytes = new Uint8Array(Math.min(this.#file.size, MAX_BYTES));
    const lines = new TextDecoder().decode(bytes.subarray(0, this.#file.read(bytes, 0))).split("\n");
    for (const [index, line] of lines.entries()) {
      if (line === "" || line.startsWith("#")) continue;
      const said = parseCloseLine(line);
      if (said === null) {
        log("warning", `${this.#path}:${index + 1}: no door to close can be read here: the line is left out`);
      }
      if (said?.kind === "pending") this.#live.set(said.close.id, said.close);
      if (said?.kind === "done") this.#live.delete(said.id);
    }
    this.left = [...this.#live.values()];
    // Half a line at its end, doors that are closed: what is written from now on stands in a file without.
    if (lines.some((line) => line !== "" && !line.startsWith("#")) || this.#file.size === 0) this.#rewrite();
  }

  add(closes: readonly PendingClose[]): void {
    attempt(this.#path, () => this.#append(closes.map(formatPending).join("")));
    for (const close of closes) {
      if (this.#live.has(close.id)) this.#dead++;
      this.#live.set(close.id, close);
    }
  }

  remove(ids: readonly string[], log: Log): void {
    for (const id of ids) if (this.#live.delete(id)) this.#dead += 2;
    try {
      attempt(this.#path, () => {
        if (this.#dead > TOO_MANY_DEAD && this.#dead > this.#live.size) this.#rewrite();
        else this.#append(ids.map(formatDone).join(""));
      });
    } catch (error) {
      if (!(error instanceof ClosesFileError)) throw error;
      log(
        "error",
        `${error.message}: doors that are closed will be closed once more at the next start (${error.hint})`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = null;
  }

  #append(text: string): void {
    // Whoever moved or changed it: all that counts is written again.
    if (this.#file === null || !this.#file.isUntouchedAt(this.#path)) this.#rewrite();
    this.#file?.append(encoder.encode(text));
  }

  /** A file of what counts takes the place of the one that is there. */
  #rewrite(): void {
    const beside = `${this.#path}.new`;
    removeTrusted(beside);
    const fresh = openAppendFile(beside, "new");
    try {
      refuseHeld(fresh.lock(), this.#path);
      fresh.append(encoder.encode(CLOSES_HEADER + [...this.#live.values()].map(formatPending).join("")));
      renameTrusted(beside, this.#path.slice(this.#path.lastIndexOf("/") + 1));
    } catch (error) {
      fresh[Symbol.dispose]();
      throw error;
    }
    this.#file?.[Symbol.dispose]();
    this.#file = fresh;
    this.#dead = 0;
  }
}

const encoder = new TextEncoder();

function openLocked(path: string, create: "always" | "never"): AppendFile | null {
  for (;;) {
    const file = openAppendFile(path, create);
    if (file === null) return null;
    const holder = file.lock();
    if (holder === null && file.isStillAt(path)) return file;
    file[Symbol.dispose]();
    refuseHeld(holder, path);
  }
}

function refuseHeld(holder: number | null, path: string): void {
  if (holder === null) return;
  throw new ClosesFileError(
    `Cannot use ${path}: another fwknopd (PID=${holder}) keeps it`,
    "stop that one, or give this one files of its own: DIGEST_FILE (option -d)",
  );
}

function attempt<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof FfiError)) throw cause;
    throw new ClosesFileError(
      `Cannot use the file of doors to close, ${path}: ${reasonOf(cause)}`,
      cause.details.hint ??
        "check that its folder is writable and has room, or name another with DIGEST_FILE (option -d)",
      { cause },
    );
  }
}
