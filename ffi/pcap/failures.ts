/** What libpcap says when it fails, as the one error of `ffi/` with the operator's next move. */
import { E } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { readCString } from "../memory.ts";
import * as pcap from "./constants.ts";
import { libpcap } from "./symbols.ts";

/** Where it went wrong, and what helps. */
export interface FailureDetails {
  readonly symbol?: string;
  readonly code?: number;
  readonly hint?: string;
}

/** An error of libpcap. */
export function pcapFailure(message: string, details: FailureDetails = {}): FfiError {
  return new FfiError(message, { library: "libpcap", ...details });
}

/** The last error text of an open handle. */
export function lastError(handle: bigint): string {
  return readCString(libpcap().pcap_geterr(handle));
}

/** The text in an `errbuf`. */
export function errbufText(errbuf: Uint8Array): string {
  const end = errbuf.indexOf(0);
  return new TextDecoder().decode(errbuf.subarray(0, end < 0 ? errbuf.length : end));
}

/** Throws when a call that prepares a capture returned an error status. */
export function checkStatus(status: number, symbol: string): void {
  if (status >= 0) return;
  const meaning = readCString(libpcap().pcap_statustostr(status));
  throw pcapFailure(`Cannot prepare the capture: ${meaning}`, { symbol, code: status });
}

/** Why `pcap_activate` refused the device. */
export function activationFailure(handle: bigint, device: string, status: number): FfiError {
  const detail = lastError(handle);
  const meaning = readCString(libpcap().pcap_statustostr(status));
  const why = detail === "" || detail === meaning ? meaning : `${meaning} (${detail})`;
  const hint = activationHint(device, status);
  // The last words are what scripts look for in the C daemon's message.
  return pcapFailure(`Cannot listen on interface "${device}": ${why} (pcap_open_live error)`, {
    symbol: "pcap_activate",
    code: status === pcap.PCAP_ERROR_PERM_DENIED ? E.PERM : status,
    ...(hint === null ? {} : { hint }),
  });
}

/** The same, where it was only looked for. */
export function noSuchInterface(device: string): FfiError {
  const status = pcap.PCAP_ERROR_NO_SUCH_DEVICE;
  return pcapFailure(`Cannot listen on interface "${device}": No such device exists (pcap_open_live error)`, {
    code: status,
    hint: activationHint(device, status) ?? "",
  });
}

/** Why a filter was refused: names the filter as written. */
export function filterFailure(handle: bigint, filter: string, symbol: string): FfiError {
  return pcapFailure(`Cannot use the PCAP filter '${filter}': ${lastError(handle)}`, {
    symbol,
    hint: "the syntax is that of pcap-filter(7), for example 'udp port 62201'",
  });
}

function activationHint(device: string, status: number): string | null {
  switch (status) {
    case pcap.PCAP_ERROR_NO_SUCH_DEVICE:
      return `"ip -brief link" lists the interfaces of this host; "any" takes them all`;
    case pcap.PCAP_ERROR_IFACE_NOT_UP:
      return `bring it up first: ip link set dev ${device} up`;
    case pcap.PCAP_ERROR_PERM_DENIED:
      return "run as root, or give the program the capability CAP_NET_RAW";
    case pcap.PCAP_ERROR_PROMISC_PERM_DENIED:
      return "promiscuous mode also needs the capability CAP_NET_ADMIN; or leave that mode off";
    default:
      return null;
  }
}
