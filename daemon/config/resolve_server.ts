/** What fwknopd.conf and the command line mean, in the shape in which the daemon's rooms want it. Pure. */
import type { AddressList } from "../../lib/net/cidr.ts";
import type { Resolved, SettingsOf } from "../../lib/settings/resolve.ts";
import type { Problem } from "../../lib/settings/setting.ts";
import type { FirewallConfig } from "../firewall/backends.ts";
import type { Signature } from "../fingerprint/signatures.ts";
import type { QueueSpec } from "../packet/spec.ts";
import { SYSLOG_FACILITIES } from "./facilities.ts";
import { absolutePath } from "./read.ts";
import { type MailConfig, mailConfig } from "./resolve_mail.ts";
import type { SERVER_SETTINGS } from "./settings.ts";

/** What commands may take. */
export interface CommandLimits {
  /** Seconds after which a command is ended; null: never. */
  readonly timeout: number | null;
  /** How many may run at the same time, those that close doors not counted: of these it may be as many again. */
  readonly most: number;
}

/** Seconds that a command may take where CMD_EXEC_TIMEOUT does not say. */
const DEFAULT_COMMAND_TIMEOUT = 600;

/** GPG_HOME_DIR and GPG_EXE of fwknopd.conf. */
export interface GpgDefaults {
  readonly home: string;
  readonly exe: string;
}

/** All paths are absolute. */
export interface ServerConfig {
  readonly capture: {
    readonly interfaces: readonly string[];
    /** ENABLE_NFQ_CAPTURE, where it can be had: packets then come from there, and from nowhere else. */
    readonly queue: QueueSpec | null;
    /** A capture file to read instead of the interface. */
    readonly file: string | null;
    /** Which of its packets are read: all, or those that are written from now on. */
    readonly fileFrom: "begin" | "end";
    readonly filter: string;
    readonly promiscuous: boolean;
    readonly anyDirection: boolean;
    /** Whether the start fails without the interface. */
    readonly exitAtInterfaceDown: boolean;
    /** Whether the daemon ends when the interface goes later: only where the file says so. */
    readonly exitAtInterfaceLoss: boolean;
    /** Bytes. */
    readonly snapLength: number;
    /** Packets of one turn. */
    readonly dispatchCount: number;
  };
  readonly tcpServer: { readonly enabled: boolean; readonly port: number };
  readonly udpServer: { readonly enabled: boolean; readonly port: number };
  readonly http: {
    readonly enabled: boolean;
    readonly anyUserAgent: boolean;
    readonly trustForwardedFor: boolean;
    /** Null: every sender of a request is believed. */
    readonly proxies: AddressList | null;
  };
  /** Seconds a time stamp may be off in either direction; null switches the test off. */
  readonly maxAge: number | null;
  /** MAX_STRANGER_CPU: of one processor, for packets that name no key. */
  readonly strangerShare: number;
  readonly commands: CommandLimits & { /** SUDO_EXE. */ readonly sudo: string };
  readonly replay: { /** Whether digests go to the file. */ readonly persist: boolean; readonly file: string };
  readonly paths: {
    readonly runDirectory: string;
    readonly pidFile: string;
    readonly configFile: string;
    readonly accessFile: string;
    readonly accessFolder: string | null;
    readonly fingerprintFile: string;
  };
  readonly logging: {
    readonly identity: string;
    /** Facility number of syslog(3). */
    readonly facility: number;
    readonly verbosity: number;
  };
  readonly firewall: FirewallConfig;
  /** Null: nobody gets mail. */
  readonly mail: MailConfig | null;
  /** What TCP SYNs are compared with; null where no stanza has a REQUIRE_OS, and so none are looked at. */
  readonly signatures: readonly Signature[] | null;
  /** What stanzas for GnuPG use that name nothing else. */
  readonly gpg: GpgDefaults;
  /** Every variable as resolved, for the dump. */
  readonly settings: ServerSettings;
}

export type ServerSettings = SettingsOf<typeof SERVER_SETTINGS>;

/** Shapes resolved settings; what is wrong between them goes to `problems`. `firewall`: what the packet filters make of them. */
export function toServerConfig(
  resolved: Resolved<typeof SERVER_SETTINGS>,
  { startDirectory, firewall, queue }: {
    readonly startDirectory: string;
    readonly firewall: FirewallConfig;
    readonly queue: QueueSpec | null;
  },
  problems: Problem[],
): ServerConfig {
  const { values } = resolved;
  if (!values.runDirectory.startsWith("/")) problems.push(relativeRunDirectory(resolved));
  const path = (given: string) => absolutePath(given, startDirectory);
  const inRunDirectory = (name: string) => `${values.runDirectory.replace(/\/$/, "")}/${name}`;
  const settings: ServerSettings = {
    ...values,
    pidFile: values.pidFile ?? inRunDirectory("fwknopd.pid"),
    digestFile: values.digestFile ?? inRunDirectory("digest.cache"),
    checkAge: values.checkAge ?? values.captureFile === undefined,
  };
  return {
    capture: { ...captureConfig(resolved, path), queue },
    tcpServer: { enabled: values.tcpServer, port: values.tcpServerPort },
    udpServer: { enabled: values.udpServer && queueCapture(resolved) === null, port: values.udpServerPort },
    http: httpConfig(values),
    maxAge: settings.checkAge ? values.maxAge : null,
    strangerShare: values.strangerCpu / 100,
    commands: commandsConfig(values, path),
    replay: { persist: values.digestPersistence, file: path(settings.digestFile ?? "") },
    paths: pathConfig(settings, path),
    logging: loggingConfig(values),
    firewall,
    mail: mailConfig(resolved, path, problems),
    signatures: null,
    gpg: { home: path(settings.gpgHome), exe: path(settings.gpgExe) },
    settings,
  };
}

function httpConfig(
  { spaOverHttp, anyUserAgent, trustForwardedFor, httpProxies }: ServerSettings,
): ServerConfig["http"] {
  return { enabled: spaOverHttp, anyUserAgent, trustForwardedFor, proxies: httpProxies ?? null };
}

function relativeRunDirectory({ values, origins }: Resolved<typeof SERVER_SETTINGS>): Problem {
  const message = `Path '${values.runDirectory}' is not absolute`;
  return { origin: origins.runDirectory ?? {}, message, hint: "write it from / on" };
}

function pathConfig(settings: ServerSettings, path: (given: string) => string): ServerConfig["paths"] {
  return {
    runDirectory: settings.runDirectory,
    pidFile: path(settings.pidFile ?? ""),
    configFile: path(settings.configFile),
    accessFile: path(settings.accessFile),
    accessFolder: settings.accessFolder === undefined ? null : path(settings.accessFolder),
    fingerprintFile: path(settings.fingerprintFile),
  };
}

function commandsConfig(
  { commandTimeout, maxRunningCommands, sudoExe }: ServerSettings,
  path: (given: string) => string,
) {
  const timeout = commandTimeout === 0 ? null : commandTimeout ?? DEFAULT_COMMAND_TIMEOUT;
  return { timeout, most: maxRunningCommands, sudo: path(sudoExe) };
}

function loggingConfig({ syslogFacility, syslogIdentity, verbose }: ServerSettings) {
  return { identity: syslogIdentity, facility: SYSLOG_FACILITIES[syslogFacility], verbosity: verbose ?? 0 };
}

function captureConfig(resolved: Resolved<typeof SERVER_SETTINGS>, path: (given: string) => string) {
  const { values, origins } = resolved;
  const written = origins.exitAtInterfaceDown !== undefined;
  return {
    ...queueCapture(resolved) ?? { interfaces: values.captureInterface, filter: values.captureFilter },
    file: values.captureFile === undefined ? null : path(values.captureFile),
    fileFrom: values.captureFileFrom,
    promiscuous: values.promiscuous,
    anyDirection: values.anyDirection ?? false,
    exitAtInterfaceDown: written ? values.exitAtInterfaceDown : !(values.waitForInterface ?? false),
    exitAtInterfaceLoss: written && values.exitAtInterfaceDown,
    snapLength: values.snapLength,
    dispatchCount: values.dispatchCount,
  };
}

/** What the C daemon's queue is where nothing else is written (facts/configuration 3). */
const QUEUE = { queue: 1, port: 62_201, table: "mangle", chain: "FWKNOP_NFQ" } as const;

type Said = Resolved<typeof SERVER_SETTINGS>;

/** As in the C daemon the queue goes before the UDP server, but what somebody says on the command line they mean. */
function wantsQueue({ values, origins }: Said): boolean {
  return values.nfqCapture && origins.udpServer?.option === undefined;
}

/**
 * The netfilter queue; null where none is wanted. On the command line -i and -P ask for libpcap.
 *
 * @param program the iptables that is to make its rules
 */
export function wantedQueue(said: Said, program: string): QueueSpec | null {
  const { values, origins } = said;
  const byOption = origins.captureInterface?.option ?? origins.captureFilter?.option;
  if (!wantsQueue(said) || byOption !== undefined) return null;
  return {
    kind: "queue",
    queue: values.nfqQueue ?? QUEUE.queue,
    port: values.nfqPort ?? QUEUE.port,
    device: values.nfqInterface === "any" ? null : values.nfqInterface ?? null,
    table: values.nfqTable ?? QUEUE.table,
    chain: values.nfqChain ?? QUEUE.chain,
    program,
  };
}

/** What libpcap captures in place of a queue that cannot be had; null where none is wanted. */
export function queueCapture(
  said: Said,
): { readonly interfaces: readonly string[]; readonly filter: string } | null {
  const { values, origins } = said;
  if (!wantsQueue(said)) return null;
  return {
    interfaces: origins.captureInterface?.option === undefined
      ? [values.nfqInterface ?? "any"]
      : values.captureInterface,
    filter: origins.captureFilter?.option === undefined
      ? `udp dst port ${values.nfqPort ?? QUEUE.port}`
      : values.captureFilter,
  };
}
