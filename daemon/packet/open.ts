/** Opens what packets are taken from. */
import { FfiError } from "../../ffi/errors.ts";
import { ownEnvironment } from "../../ffi/libc/proc_self.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../ffi/pcap/constants.ts";
import { openSynSource } from "../fingerprint/source.ts";
import { handedOver } from "../service/handed_over.ts";
import type { PacketSource } from "./datagram.ts";
import { openCaptureFileSource } from "./offline.ts";
import { openPcapSource } from "./pcap.ts";
import { openQueueSource } from "./queue.ts";
import type { SourceSpec } from "./spec.ts";
import { openTcpSource } from "./tcp.ts";
import { openUdpSource } from "./udp.ts";

/**
 * Opens one source.
 *
 * @throws {FfiError} with a hint
 * @tags allow-ffi
 */
export function openSource(spec: SourceSpec): PacketSource {
  switch (spec.kind) {
    case "interface":
      return openPcapSource(spec);
    case "file":
      return openCaptureFileSource(spec);
    case "udp":
      return withWordsOfC("udp", () => openUdpSource({ port: spec.port, clock: Date.now, ...inheritedSocket() }));
    case "syn":
      return openSynSource(spec, () => performance.now());
    case "queue":
      return openQueueSource(spec, Date.now);
    case "tcp":
      return withWordsOfC("tcp", () => openTcpSource({ port: spec.port, steady: () => performance.now() }));
  }
}

/** Scripts look for the words that the C daemon has for a port that is taken. */
function withWordsOfC(kind: "udp" | "tcp", open: () => PacketSource): PacketSource {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof FfiError) || !/^(?:bind|listen)$/.test(cause.details.symbol ?? "")) throw cause;
    const words = [
      `run_${kind}_server: ${cause.details.symbol}() failed`,
      // The C daemon goes on without its TCP server.
      ...kind === "udp" ? ["Fatal run_udp_server() error"] : [],
    ];
    throw new FfiError(`${cause.message} (${words.join("; ")})`, cause.details, { cause });
  }
}

/** The one socket that the service manager handed over, if it did. */
function inheritedSocket(): { readonly inherited?: number } {
  const [inherited, ...more] = handedOver(ownEnvironment(), Deno.pid);
  if (more.length > 0) {
    const hint = "one ListenDatagram= line with a port serves both IP versions";
    const message = `Cannot use ${more.length + 1} sockets as UDP server: one is wanted`;
    throw new FfiError(message, { library: "libc", hint });
  }
  return inherited === undefined ? {} : { inherited };
}

/** Whether a capture cannot be opened because its interface is not there or down: that passes. */
export function isNoInterface(error: FfiError): boolean {
  return error.details.code === PCAP_ERROR_NO_SUCH_DEVICE || error.details.code === PCAP_ERROR_IFACE_NOT_UP;
}
