/** A source that broke: whether it is waited for, opened again, or the end of the daemon. */
import { E } from "../../ffi/abi.ts";
import { FfiError } from "../../ffi/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { PacketSource, SourceInUse } from "../packet/datagram.ts";
import { needsLibpcap, type SourceSpec } from "../packet/spec.ts";

/** What a source is opened again with. */
export interface Recovery {
  /** The configuration in force. */
  readonly config: Pick<ServerConfig, "capture">;
  /** Opens a source. Throws `FfiError` with a hint. */
  readonly openSource: (spec: SourceSpec) => PacketSource;
  readonly log: Log;
}

/**
 * An interface that is down comes up again by itself, and one that is gone may come back: both are waited for, unless
 * `EXIT_AT_INTF_DOWN Y` is written, for a supervisor that acts. Of other sources that setting says nothing.
 */
export function recoverSource(
  { spec, source }: SourceInUse,
  error: Error | null,
  { config, openSource, log }: Recovery,
): PacketSource | "later" | null {
  if (error !== null) {
    if (!(error instanceof FfiError)) throw error;
    const exit = config.capture.exitAtInterfaceLoss && spec.kind === "interface";
    // The words of the C daemon.
    const what = spec.kind === "syn"
      ? "TCP SYNs for REQUIRE_OS: "
      : needsLibpcap(spec)
      ? `${exit ? "Fatal error" : "Error"} from pcap_dispatch: `
      : "";
    if (exit) {
      log("error", `${what}${error.message}`);
      return null;
    }
    if (error.details.code === E.NETDOWN) {
      log("warning", `${what}${error.message}: waiting until it is up again`);
      return source;
    }
    log("error", `${what}${error.message}: trying again every second`);
  }
  try {
    const again = openSource(spec);
    for (const line of again.banner) log("info", line);
    return again;
  } catch (failure) {
    if (!(failure instanceof FfiError)) throw failure;
    return "later";
  }
}
