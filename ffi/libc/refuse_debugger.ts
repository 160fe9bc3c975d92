/** Keeping the runtime's debugger shut in programs that live longer than a moment. */
import { lazyLibc } from "./errno.ts";

const libc = lazyLibc({
  /** sighandler_t signal(int signum, sighandler_t handler) */
  signal: { parameters: ["i32", "usize"], result: "usize" },
});

const SIGUSR1 = 10;
const SIG_IGN = 1n;

/**
 * Makes SIGUSR1 do nothing. Since 2.9.2 Deno answers it by opening its debugger on a local port, where any user of the
 * machine could then run code with the rights of this program. Deno takes the signal half a second after the start and only
 * if nobody has done so before: a listener of our own comes first, and then the kernel is told to throw the signal away.
 * Disposal takes the listener back; the signal stays ignored.
 *
 * @tags allow-ffi
 */
export function refuseDebugger(): Disposable {
  const nothing = () => {};
  Deno.addSignalListener("SIGUSR1", nothing);
  libc().signal(SIGUSR1, SIG_IGN);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGUSR1", nothing) };
}
