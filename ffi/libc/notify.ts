/** Telling the service manager how we are (sd_notify(3)), without its library. */
import { errnoError } from "./errno.ts";
import { connectUnixDatagram } from "./unix_datagram.ts";

/**
 * Sends one notification.
 *
 * @param socketPath value of `$NOTIFY_SOCKET`: a path, or `@name` for an abstract socket
 * @param state lines such as `READY=1`, `RELOADING=1`, `STATUS=…`, `STOPPING=1`
 * @throws FfiError with the errno when nobody listens there
 * @tags allow-ffi
 */
export function notifyServiceManager(socketPath: string, state: readonly string[]): void {
  const what = `notify the service manager at "${socketPath}"`;
  const opened = connectUnixDatagram(socketPath, 1000);
  if (typeof opened === "number") throw errnoError(opened, "connect", what);
  using socket = opened;
  const code = socket.send(new TextEncoder().encode(state.join("\n")), true);
  if (code !== 0) throw errnoError(code, "send", what);
}
