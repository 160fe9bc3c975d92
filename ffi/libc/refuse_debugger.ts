/** Keeping the runtime's debugger shut in programs that live longer than a moment. */
import { SIG_DFL, SIG_IGN, SIGUSR1 } from "../abi.ts";
import { lazyLibc } from "./errno.ts";

const libc = lazyLibc({
  /** sighandler_t signal(int signum, sighandler_t handler) */
  signal: { parameters: ["i32", "usize"], result: "usize" },
  /** int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact) */
  sigaction: { parameters: ["i32", "usize", "buffer"], result: "i32" },
});

/** SIGHUP, which nohup(1) ignores, and SIGINT and SIGQUIT, which a shell ignores for a program in the background. */
const IGNORED_BY_CALLERS = [1, 2, 3];
/** More than sizeof(struct sigaction); the handler comes first. */
const SIGACTION_SIZE = 256;

/**
 * Makes SIGUSR1 do nothing. Since 2.9.2 Deno answers it by opening its debugger on a local port, where any user of the
 * machine could then run code with the rights of this program. Deno takes the signal half a second after the start and only
 * if nobody has done so before: a listener of our own comes first, and then the kernel is told to throw the signal away.
 * Disposal takes the listener back; the signal then is what it was, ignored or deadly.
 *
 * With the first listener the runtime takes the signals that end a program, too, even where the caller has them ignored.
 * `keepIgnored` puts that back, so that `nohup` works.
 *
 * @tags allow-ffi
 */
export function refuseDebugger(options: { readonly keepIgnored?: boolean } = {}): Disposable {
  const ignored = options.keepIgnored === true ? IGNORED_BY_CALLERS.filter(isIgnored) : [];
  const before = isIgnored(SIGUSR1) ? SIG_IGN : SIG_DFL;
  const nothing = () => {};
  Deno.addSignalListener("SIGUSR1", nothing);
  for (const signal of [SIGUSR1, ...ignored]) libc().signal(signal, SIG_IGN);
  return {
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGUSR1", nothing);
      libc().signal(SIGUSR1, before);
    },
  };
}

function isIgnored(signal: number): boolean {
  const action = new DataView(new ArrayBuffer(SIGACTION_SIZE));
  return libc().sigaction(signal, 0n, new Uint8Array(action.buffer)) === 0 && action.getBigUint64(0, true) === SIG_IGN;
}
