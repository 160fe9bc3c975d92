/** What may change while the daemon runs: the configuration at SIGHUP, and the source of packets when an interface fails. */
import { FfiError } from "../../ffi/errors.ts";
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import type { Log } from "../../lib/log.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import { forgetKeys } from "../config/resolve_stanza.ts";
import { weakenings } from "../config/weakening.ts";
import type { PacketSource } from "../packet/datagram.ts";
import { type ConfigFiles, loadConfig, type LoadedConfig, type ServerConfig } from "../config/mod.ts";
import type { Stanza } from "../config/stanza.ts";
import { openSource, sameSource } from "../start/compose.ts";
import type { DaemonOptions } from "../options.ts";
import type { ReplayStore } from "../replay/store.ts";
import type { ActiveConfig, Runtime } from "./loop.ts";
import { refusalLogs } from "../report/refusal_log.ts";
import { reasonOf } from "../start/start_error.ts";

/** Code of `FfiError` for an interface that was taken down (ENETDOWN); any other failure means that it is gone. */
const INTERFACE_DOWN = 100;

/** How often a configuration that may be half written is read again: with the pauses of the run loop, for one second. */
const REREADS = 4;

/** What the configuration was made from, so that it can be made again. */
export interface ConfigSource {
  readonly options: DaemonOptions;
  readonly loaded: LoadedConfig;
  readonly files: ConfigFiles;
}

/** What an {@link ActiveConfig} is made of. */
export interface ActiveConfigParts {
  readonly config: ServerConfig;
  readonly stanzas: readonly Stanza[];
  readonly source: PacketSource;
  readonly log: Log;
  readonly store: ReplayStore;
  readonly test: boolean;
}

/** The part of the daemon's life that a reload exchanges. */
export function makeActiveConfig(
  { config, stanzas, source, log, store, test }: ActiveConfigParts,
): ActiveConfig {
  store.keepFor(config.maxAge);
  return {
    context: {
      engine: nobleEngine,
      stanzas,
      policy: { maxAge: config.maxAge, http: config.http },
      store,
      recordNothing: test,
    },
    grantOptions: {
      destinationRule: config.firewall.destinationRule,
      output: config.firewall.iptables.switches.output,
    },
    source,
    log,
    refusals: refusalLogs(log, config.logging.verbosity > 0),
    batchLimit: config.capture.dispatchCount,
  };
}

/**
 * SIGHUP: the new configuration is read and checked whole; only then does anything of it count. A capture that breaks is
 * mended by what is in force then, not by what was read at start.
 */
export function makeReload(origin: ConfigSource, store: ReplayStore): Pick<Runtime, "reload" | "recover"> {
  let { config, access } = origin.loaded;
  /** The configuration that the source in use was opened with. */
  let capturing = config;
  let rereads = 0;
  // deno-lint-ignore require-await -- the answer may also come from somewhere slow
  const reload: Runtime["reload"] = async (current, again) => {
    if (!again) {
      rereads = 0;
      current.log("info", "Got SIGHUP. Re-reading configs.");
    }
    const { loaded, unfinished } = loadSafely(origin);
    if (unfinished !== null && rereads++ < REREADS) {
      if (!again) {
        current.log("info", `${unfinished} ends in the middle of a line: waiting a moment for the rest of it`);
      }
      return "later";
    }
    if (!loaded.ok) {
      for (const problem of loaded.problems) current.log("error", problem);
      current.log("error", "The configuration stays as it was, and so do open doors");
      return current;
    }
    const late = needsLibpcapLate(origin.loaded.config, loaded.config);
    let source = current.source;
    try {
      if (!sameSource(capturing, loaded.config) && !late) {
        source = openSource(loaded.config);
        capturing = loaded.config;
      }
    } catch (error) {
      current.log("error", `The configuration stays as it was: ${reasonOf(error)}`);
      return current;
    }
    for (const name of [...needRestart(config, loaded.config), ...late ? ["ENABLE_UDP_SERVER"] : []]) {
      current.log("warning", `${name} has changed: that takes effect when fwknopd is started again`);
    }
    for (const warning of [...loaded.warnings, ...weakenings({ config, access }, loaded)]) {
      current.log("warning", warning);
    }
    if (source !== current.source) { for (const line of source.banner) current.log("info", line); }
    // Between two batches nobody opens anything with the old keys, and they may have been taken out because they leaked.
    forgetKeys(access);
    ({ config, access } = loaded);
    current.log("info", "Re-starting fwknopd");
    const { stanzas } = loaded;
    return makeActiveConfig({ config, stanzas, source, log: current.log, store, test: origin.options.actions.test });
  };
  const recover: Runtime["recover"] = (current, error) => recoverSource(current, error, capturing);
  return { reload, recover };
}

/** The configuration as the files say it now, and the file that may be half written: its last line has no end. */
function loadSafely(origin: ConfigSource): {
  readonly loaded: LoadedConfig | { readonly ok: false; readonly problems: readonly string[] };
  readonly unfinished: string | null;
} {
  let unfinished: string | null = null;
  const files: ConfigFiles = {
    ...origin.files,
    read(path) {
      const read = origin.files.read(path);
      if (read.ok && !read.value.text.endsWith("\n")) unfinished ??= path;
      return read;
    },
  };
  try {
    const loaded = loadConfig(origin.options, files, Date.now() / 1000);
    return { loaded: loaded.ok ? loaded : { ok: false, problems: loaded.problems.map(formatProblem) }, unfinished };
  } catch (error) {
    return { loaded: { ok: false, problems: [reasonOf(error)] }, unfinished };
  }
}

/** A daemon that began as UDP server never loaded libpcap, and has given up the right to load libraries. */
function needsLibpcapLate(before: ServerConfig, after: ServerConfig): boolean {
  return before.udpServer.enabled && !after.udpServer.enabled;
}

/** What is opened once, and only once. */
function needRestart(before: ServerConfig, after: ServerConfig): string[] {
  const parts = [
    ["the firewall configuration", "firewall"],
    ["the logging configuration", "logging"],
    ["the replay file", "replay"],
    ["a path", "paths"],
  ] as const;
  return parts.filter(([, key]) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).map(([name]) => name);
}

/**
 * An interface that is down comes up again by itself, and one that is gone may come back: both are waited for, unless
 * `EXIT_AT_INTF_DOWN Y` is written, for a supervisor that acts.
 */
function recoverSource(
  current: ActiveConfig,
  error: Error | null,
  capturing: ServerConfig,
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
    if (error.details.code === INTERFACE_DOWN) {
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
