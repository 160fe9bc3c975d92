/** Asking for a key: on the controlling terminal without echo, or the next line of a descriptor (`--stdin`, `--fd`). */
import { FfiError } from "../../ffi/errors.ts";
import { type InheritedDescriptor, openInherited } from "../../ffi/libc/descriptor.ts";
import { keepMemoryPrivate } from "../../ffi/libc/private_memory.ts";
import { refuseDebugger } from "../../ffi/libc/refuse_debugger.ts";
import { openTerminal, stopThisProcess, type Terminal } from "../../ffi/libc/terminal.ts";
import { SecretLine } from "./secret_line.ts";
import { ClientError } from "../ui/tui.ts";

/** The exit code of programs that Ctrl-C ended. */
const INTERRUPTED = 130;

const DELETE = 0x7f;

/** Lines longer than this are no keys. */
const LINE_LIMIT = 65_536;

/**
 * Asks on the terminal. Ctrl-C restores the terminal and ends the run with 130; a process that is stopped restores it
 * too, and asks again when it continues.
 */
export async function askOnTerminal(question: string): Promise<Uint8Array<ArrayBuffer>> {
  using terminal = openTerminal();
  if (terminal === null) {
    throw new ClientError(
      "getpasswd() key error: there is no terminal to ask for the key on",
      "put the key into the stanza, or give it through --stdin or --fd",
    );
  }
  keepMemoryPrivate();
  using _shut = refuseDebugger({ keepIgnored: true });
  using signals = watchSignals();
  using _echo = quietUntilDisposed(terminal, question);
  await terminal.write(question);
  const { erase, kill, end } = terminal.characters;
  const line = new SecretLine({ erase: [DELETE, ...present(erase)], kill: present(kill) });
  for (;;) {
    const typed = await Promise.race([terminal.read(), signals.arrived]);
    for (const byte of typed) {
      const state = byte === end ? "finished" : line.push(byte);
      if (state === "open") continue;
      await terminal.write("\n");
      if (state === "finished") return line.bytes();
      throw new ClientError("interrupted, no SPA packet sent", undefined, { exitCode: INTERRUPTED });
    }
    if (typed.length === 0) return line.bytes();
  }
}

/** Signals that would end the program while echo is off, with the exit codes that shells give them. */
const ENDING_SIGNALS: readonly (readonly [Deno.Signal, exitCode: number])[] = [
  ["SIGINT", INTERRUPTED],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGQUIT", 131],
];

/** No echo until disposal, except while the process is stopped. */
function quietUntilDisposed(terminal: Terminal, question: string): Disposable {
  let quiet = terminal.quiet();
  const stop = () => {
    quiet[Symbol.dispose]();
    // Continues here after SIGCONT.
    stopThisProcess();
    quiet = terminal.quiet();
    void terminal.write(question);
  };
  Deno.addSignalListener("SIGTSTP", stop);
  return {
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGTSTP", stop);
      quiet[Symbol.dispose]();
    },
  };
}

/** Until disposal those signals end the run in an orderly way: `arrived` rejects, so that the terminal is restored. */
function watchSignals(): Disposable & { readonly arrived: Promise<never> } {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody awaits it when a signal comes late.
  promise.catch(() => {});
  const listeners = ENDING_SIGNALS.map(([signal, exitCode]) => {
    const end = () => reject(new ClientError(`ended by ${signal}, no SPA packet sent`, undefined, { exitCode }));
    Deno.addSignalListener(signal, end);
    return () => Deno.removeSignalListener(signal, end);
  });
  return { arrived: promise, [Symbol.dispose]: () => listeners.forEach((remove) => remove()) };
}

/** Keys that come line by line from a descriptor: the first asked for is in the first line. Disposal closes it. */
export interface KeyStream extends Disposable {
  ask(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Takes over an inherited descriptor. Throws {@link ClientError} when there is none of that number. */
export function openKeyStream(fd: number): KeyStream {
  keepMemoryPrivate();
  const name = fd === 0 ? "standard input" : `descriptor ${fd}`;
  const stream = openDescriptor(fd);
  return {
    async ask() {
      const typed = await readLine(stream);
      if (typed === null) {
        throw new ClientError(
          `${name} has no line for this key (getpasswd() key error)`,
          "give the encryption key and the HMAC key a line each",
        );
      }
      const line = new SecretLine({ erase: [DELETE] });
      for (const byte of typed) {
        if (line.push(byte) !== "open") break;
      }
      return line.bytes();
    },
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}

function openDescriptor(fd: number): InheritedDescriptor {
  try {
    return openInherited(fd);
  } catch (error) {
    throw told(error);
  }
}

async function readLine(stream: InheritedDescriptor): Promise<Uint8Array | null> {
  try {
    return await stream.readLine(LINE_LIMIT);
  } catch (error) {
    throw told(error);
  }
}

function told(error: unknown): unknown {
  return error instanceof FfiError ? new ClientError(error.message, error.details.hint, { cause: error }) : error;
}

function present(character: number | null): readonly number[] {
  return character === null ? [] : [character];
}
