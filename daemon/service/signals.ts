/** Signals and errors that nobody caught, as facts that the run loop asks for: a handler only notes and wakes. */
import { ignoreUserSignal } from "../../ffi/libc/process.ts";

export interface SignalInbox extends Disposable {
  /** The signal that asks the daemon to stop, once one has come; `failure` after an error that nobody caught. */
  readonly stop: "SIGTERM" | "SIGINT" | "failure" | null;
  /** Whether a SIGHUP came since the last call. */
  takeHangup(): boolean;
}

/**
 * Makes SIGUSR1 do nothing, as in fwknopd. Since 2.9.2 Deno answers it by opening its debugger on a local port, where any
 * user of the machine could then run code with the rights of the daemon. Deno takes the signal half a second after the
 * start and only if nobody has done so before: a listener of our own comes first, and then the kernel is told.
 *
 * @tags allow-ffi
 */
export function refuseDebugger(): void {
  Deno.addSignalListener("SIGUSR1", () => {});
  ignoreUserSignal();
}

/**
 * Starts to listen. `wake` is called after every signal and must end the loop's wait. SIGUSR2 is caught and does nothing,
 * as in fwknopd. An error that nobody caught would end the process at once, with doors open that only the
 * daemon closes: it is given to `onFailure` and ends the loop instead.
 */
export function listenForSignals(wake: () => void, onFailure: (error: unknown) => void): SignalInbox {
  let stop: SignalInbox["stop"] = null;
  let hangup = false;
  const handlers: [Deno.Signal, () => void][] = [
    ["SIGTERM", () => stop ??= "SIGTERM"],
    ["SIGINT", () => stop ??= "SIGINT"],
    ["SIGHUP", () => hangup = true],
    ["SIGUSR2", () => {}],
  ];
  const listeners = handlers.map(([signal, note]) => {
    const listener = () => {
      note();
      wake();
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  const fail = (event: Event, error: unknown) => {
    event.preventDefault();
    stop ??= "failure";
    onFailure(error);
    wake();
  };
  const onRejection = (event: PromiseRejectionEvent) => fail(event, event.reason);
  const onError = (event: ErrorEvent) => fail(event, event.error);
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    get stop() {
      return stop;
    },
    takeHangup() {
      const came = hangup;
      hangup = false;
      return came;
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}
