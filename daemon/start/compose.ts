/** From configuration to the parts that touch the host: log, packet source, the packet filter of test mode. */
import { FfiError } from "../../ffi/errors.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../ffi/pcap/constants.ts";
import { Syslog } from "../../ffi/libc/syslog.ts";
import { writeNow } from "../../ffi/libc/write_now.ts";
import { lineSink, type LogSink, makeLog } from "../../lib/host/log.ts";
import { type Log, SYSLOG_SEVERITY } from "../../lib/log.ts";
import { absentSource } from "../packet/absent.ts";
import { openCaptureFileSource } from "../packet/offline.ts";
import { openPcapSource } from "../packet/pcap.ts";
import type { PacketSource } from "../packet/datagram.ts";
import { openUdpSource } from "../packet/udp.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { Stanza } from "../config/stanza.ts";
import type { OpenedFirewall } from "../firewall/backends.ts";
import { recordingFirewall } from "../firewall/recording.ts";

const STANDARD_ERROR = 2;

/** Where log lines go: standard error in the foreground, the system log otherwise, both with `--syslog-enable`. */
export function openLog(
  logging: ServerConfig["logging"],
  where: { readonly foreground: boolean; readonly syslog: boolean; readonly pid: number },
): Log {
  const sinks: LogSink[] = [];
  if (where.foreground) sinks.push(lineSink((bytes) => writeNow(STANDARD_ERROR, bytes)));
  if (where.syslog || !where.foreground) {
    const syslog = new Syslog({ ...logging, pid: where.pid, now: () => new Date() });
    sinks.push((level, line) => syslog.send(SYSLOG_SEVERITY[level], line));
  }
  return makeLog(logging.verbosity, sinks);
}

/** The source that the configuration asks for. Throws `FfiError` with a hint. */
export function openSource(config: ServerConfig): PacketSource {
  const { capture, udpServer } = config;
  if (udpServer.enabled) return openUdpSource({ port: udpServer.port, clock: Date.now });
  if (capture.file !== null) return openCaptureFileSource({ path: capture.file, filter: capture.filter });
  return openPcapSource({
    device: capture.interface,
    filter: capture.filter,
    snaplen: capture.snapLength,
    promiscuous: capture.promiscuous,
    direction: capture.anyDirection ? "any" : "in",
  });
}

/**
 * The same for a start: with EXIT_AT_INTF_DOWN N an interface that is not there, or down, is waited for. Every other failure
 * is thrown.
 */
export function openFirstSource(
  config: ServerConfig,
  log: Log,
  open: (config: ServerConfig) => PacketSource = openSource,
): PacketSource {
  try {
    return open(config);
  } catch (error) {
    if (config.capture.exitAtInterfaceDown || !(error instanceof FfiError) || !isNoInterface(error)) throw error;
    log("warning", `${error.message}: EXIT_AT_INTF_DOWN is N, so trying again every second until it can be opened`);
    return absentSource();
  }
}

/** Whether a capture cannot be opened because its interface is not there or down: that passes. */
export function isNoInterface(error: FfiError): boolean {
  return error.details.code === PCAP_ERROR_NO_SUCH_DEVICE || error.details.code === PCAP_ERROR_IFACE_NOT_UP;
}

/** Whether two configurations mean the same source. What the mode in use does not look at does not count. */
export function sameSource(a: ServerConfig, b: ServerConfig): boolean {
  const meaning = ({ capture, udpServer }: ServerConfig) =>
    JSON.stringify(udpServer.enabled ? udpServer.port : capture);
  return meaning(a) === meaning(b);
}

/** Why no packet filter is opened; null where one is. `test`: as with --test. */
export function whyNoFirewall(stanzas: readonly Pick<Stanza, "cycle">[], test: boolean): string | null {
  if (test) return "firewall: none, because of --test";
  // As in the C daemon.
  return stanzas.every(({ cycle }) => cycle !== null)
    ? "firewall: none, because every stanza has a CMD_CYCLE_OPEN command"
    : null;
}

/** The stand-in where none is: remembers, and changes nothing. */
export function openNoFirewall(reason: string): Pick<OpenedFirewall, "firewall" | "reason"> {
  return { firewall: recordingFirewall({ now: () => Date.now() / 1000 }), reason };
}
