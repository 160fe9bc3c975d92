/** Signals as facts that the run loop asks for: a handler only notes and wakes. */

export interface SignalInbox extends Disposable {
  /** The signal that asks the daemon to stop, once one has come. */
  readonly stop: "SIGTERM" | "SIGINT" | null;
  /** Whether a SIGHUP came since the last call. */
  takeHangup(): boolean;
}

/**
 * Starts to listen. `wake` is called after every signal and must end the loop's wait. SIGUSR1 and SIGUSR2 are caught and
 * do nothing, as in fwknopd.
 */
export function listenForSignals(wake: () => void): SignalInbox {
  let stop: SignalInbox["stop"] = null;
  let hangup = false;
  const handlers: [Deno.Signal, () => void][] = [
    ["SIGTERM", () => stop ??= "SIGTERM"],
    ["SIGINT", () => stop ??= "SIGINT"],
    ["SIGHUP", () => hangup = true],
    ["SIGUSR1", () => {}],
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
    },
  };
}
