/** Signals and errors that nobody caught, as facts that the run loop asks for: a handler only notes and wakes. */

export interface SignalInbox extends Disposable {
  /** The signal that asks the daemon to stop, once one has come; `failure` after an error that nobody caught. */
  readonly stop: "SIGTERM" | "SIGINT" | "failure" | null;
  /** Whether a SIGHUP came that nobody has taken yet. */
  readonly hangup: boolean;
  /** The same, and takes it. */
  takeHangup(): boolean;
}

/**
 * Starts to listen. `wake` is called after every signal and must end the loop's wait. SIGUSR2 is caught and does nothing,
 * as in fwknopd. An error that nobody caught would end the process at once, with grants open that only the
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
    get hangup() {
      return hangup;
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
