/** A capture that broke: whether it is waited for, opened again, or the end of the daemon. */
import { E } from "../../ffi/abi.ts";
import { FfiError } from "../../ffi/errors.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { PacketSource } from "../packet/datagram.ts";
import type { ActiveConfig } from "./active_config.ts";

/** What a capture is opened again with. */
export interface Recovery {
  /** The configuration that the source in use was opened with. */
  readonly capturing: ServerConfig;
  /** Opens the source that a configuration asks for. Throws `FfiError` with a hint. */
  readonly openSource: (config: ServerConfig) => PacketSource;
}

/**
 * An interface that is down comes up again by itself, and one that is gone may come back: both are waited for, unless
 * `EXIT_AT_INTF_DOWN Y` is written, for a supervisor that acts.
 */
export function recoverSource(
  current: ActiveConfig,
  error: Error | null,
  { capturing, openSource }: Recovery,
): PacketSource | "later" | null {
  if (error !== null) {
    if (!(error instanceof FfiError)) throw error;
    const exit = capturing.capture.exitAtInterfaceLoss;
    // The words of the C daemon.
    const what = capturing.udpServer.enabled ? "" : `${exit ? "Fatal error" : "Error"} from pcap_dispatch: `;
    if (exit) {
      current.log("error", `${what}${error.message}`);
      return null;
    }
    if (error.details.code === E.NETDOWN) {
      current.log("warning", `${what}${error.message}: waiting until it is up again`);
      return current.source;
    }
    current.log("error", `${what}${error.message}: trying again every second`);
  }
  try {
    const source = openSource(capturing);
    for (const line of source.banner) current.log("info", line);
    return source;
  } catch (again) {
    if (!(again instanceof FfiError)) throw again;
    return "later";
  }
}
