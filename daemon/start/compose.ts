/** From configuration to the parts that touch the host: log, packet source, packet filter, run directory. */
import { FfiError } from "../../ffi/errors.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../ffi/pcap/constants.ts";
import { openRulesetListener } from "../../ffi/nfnetlink/nfnetlink.ts";
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
import { type Firewall, FirewallError } from "../firewall/firewall.ts";
import { iptablesFirewall } from "../firewall/iptables/backend.ts";
import { activeSlots } from "../firewall/iptables/chains.ts";
import { formatChain, openNftables, openRunner, surveyHooks } from "../firewall/nftables/nftables.ts";
import { recordingFirewall } from "../firewall/recording.ts";
import { type BackendName, chooseFirewall, formatChoice, type HostSurvey } from "../firewall/choose.ts";

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

/** A packet filter and why it is that one. */
export interface OpenedFirewall {
  readonly firewall: Firewall;
  /** The line for the log. */
  readonly reason: string;
  readonly warning: string | null;
}

/** Chooses and opens the packet filter; nothing on the host is changed before its `prepare`. Throws `FirewallError`. */
export async function openFirewall(config: ServerConfig["firewall"], log: Log): Promise<OpenedFirewall> {
  const { iptablesDirectives } = config;
  const survey = config.choice === "auto" && iptablesDirectives.length === 0 ? await surveyHost(config) : null;
  const choice = chooseFirewall({ directive: config.choice, iptablesDirectives }, () => survey ?? UNSEEN);
  if (!choice.ok) throw new FirewallError(choice.fault.message, choice.fault.hint);
  const firewall = await makeFirewall(choice.value.backend, config, log);
  return { firewall, reason: formatChoice(choice.value), warning: choice.value.warning };
}

/** The stand-in of test mode: remembers, and changes nothing. */
export function openTestFirewall(): OpenedFirewall {
  const firewall = recordingFirewall({ now: () => Date.now() / 1000 });
  return { firewall, reason: "firewall: none, because of --test", warning: null };
}

/** Never looked at: the configuration alone decided. */
const UNSEEN: HostSurvey = { nftablesBlocker: null, nativeHooks: [], managedHooks: [], hasIptables: false };

async function surveyHost(config: ServerConfig["firewall"]): Promise<HostSurvey> {
  const hasIptables = isFile(config.executable);
  try {
    const { droppingChains, iptablesManaged } = await surveyHooks(await openRunner());
    return {
      nftablesBlocker: null,
      nativeHooks: droppingChains.map(formatChain),
      managedHooks: iptablesManaged.map(formatChain),
      hasIptables,
    };
  } catch (error) {
    if (!(error instanceof FirewallError) || error.denied) throw error;
    return { nftablesBlocker: error.message, nativeHooks: [], managedHooks: [], hasIptables };
  }
}

async function makeFirewall(backend: BackendName, config: ServerConfig["firewall"], log: Log): Promise<Firewall> {
  const active = activeSlots(config.iptables.switches);
  if (backend === "nftables") {
    const { flushAtInit, chains } = config.nftables;
    return await openNftables({ flushAtInit, chains, slots: active, log });
  }
  return iptablesFirewall({
    ...config.iptables,
    firewallExe: config.executable,
    active,
    log,
    listener: listenerOrNull(log),
  });
}

/** iptables of the legacy kind makes no events, and some kernels know none: the backend then proves every batch. */
function listenerOrNull(log: Log) {
  try {
    return openRulesetListener();
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    log("debug", `Changes of the ruleset cannot be listened to: ${error.message}`);
    return null;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
