/** The service manager that started the daemon, where one did: what it is told (sd_notify(3)), and what it wants to hear. */
import { monotonicMicroseconds } from "../../ffi/libc/monotonic.ts";
import { notifyServiceManager } from "../../ffi/libc/notify.ts";
import { ownEnvironment } from "../../ffi/libc/proc_self.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../start/start_error.ts";

/** Who is told how the daemon is. */
export interface ServiceManager {
  /** Milliseconds after which it takes a silent daemon for dead (`WatchdogSec=`); null where it does not look. */
  readonly watchdogMs: number | null;
  /** Says that the configuration is being read again: until the next `READY=1`. */
  beginReload(): void;
  /** Tells it lines such as `READY=1`, `STATUS=…`. Where nobody listens there is a warning, once. */
  tell(...state: readonly string[]): void;
}

/** What is needed of the host. */
export interface ManagerHost {
  /** That of this process, as it was started. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Microseconds of CLOCK_MONOTONIC. */
  monotonicUs(): bigint;
  /** Sends a notification. Throws `FfiError`. */
  send(socketPath: string, state: readonly string[]): void;
}

/** The real one. */
export const HOST_MANAGER: ManagerHost = {
  get environment() {
    return ownEnvironment();
  },
  pid: Deno.pid,
  monotonicUs: monotonicMicroseconds,
  send: notifyServiceManager,
};

/** Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. Without a manager nobody is told anything. */
export function serviceManager({ environment, pid, monotonicUs, send }: ManagerHost, log: Log): ServiceManager {
  const { NOTIFY_SOCKET: socket = "", WATCHDOG_USEC: usec = "", WATCHDOG_PID: watched = "" } = environment;
  if (socket === "") return { watchdogMs: null, beginReload: () => {}, tell: () => {} };
  let failed = false;
  const tell: ServiceManager["tell"] = (...state) => {
    try {
      send(socket, state);
      failed = false;
    } catch (error) {
      if (!failed) log("warning", reasonOf(error));
      failed = true;
    }
  };
  return {
    tell,
    // What it waits for is a READY=1 that is younger than this moment (Type=notify-reload).
    beginReload: () => tell("RELOADING=1", `MONOTONIC_USEC=${monotonicUs()}`),
    watchdogMs: /^[1-9][0-9]{0,15}$/.test(usec) && (watched === "" || watched === String(pid))
      ? Number(usec) / 1000
      : null,
  };
}
