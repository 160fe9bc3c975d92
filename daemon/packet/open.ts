/** Opens what packets are taken from. */
import { FfiError } from "../../ffi/errors.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../ffi/pcap/constants.ts";
import type { PacketSource } from "./datagram.ts";
import { openCaptureFileSource } from "./offline.ts";
import { openPcapSource } from "./pcap.ts";
import type { SourceSpec } from "./spec.ts";
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
      return openUdpSource({ port: spec.port, clock: Date.now });
  }
}

/** Whether a capture cannot be opened because its interface is not there or down: that passes. */
export function isNoInterface(error: FfiError): boolean {
  return error.details.code === PCAP_ERROR_NO_SUCH_DEVICE || error.details.code === PCAP_ERROR_IFACE_NOT_UP;
}
