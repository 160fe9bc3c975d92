/** The options of the daemon: everything is opened in the one right order, the loop runs, and everything is closed again. */
import { notifyReady } from "../../ffi/libc/background.ts";
import { AT_FDCWD, fileFacts } from "../../ffi/libc/file_facts.ts";
import { notifyServiceManager } from "../../ffi/libc/notify.ts";
import { ownEnvironment } from "../../ffi/libc/proc_self.ts";
import { Waiter } from "../../ffi/libc/poll.ts";
import { changeFolder, setFileModeMask } from "../../ffi/libc/process.ts";
import { makeTrustedFolder } from "../../ffi/libc/trusted_file.ts";
import { refuseDebugger } from "../../ffi/libc/refuse_debugger.ts";
import type { Log } from "../../lib/log.ts";
import { showableLines } from "../../lib/showable.ts";
import { formatDump, type ServerConfig } from "../config/mod.ts";
import type { Firewall } from "../firewall/firewall.ts";
import { createLedger } from "../grants/ledger.ts";
import { openFirewall, openFirstSource, openLog, openSource, openTestFirewall } from "./compose.ts";
import { createPatience, PATIENCE_MS } from "../loop/patience.ts";
import { giveUpRights } from "./rights.ts";
import { type Ending, makeActiveConfig } from "../loop/active_config.ts";
import { type ConfigSource, makeReload } from "../loop/reload.ts";
import { checkCache, openFileStore, rotateCache } from "../replay/file.ts";
import { memoryStore, type ReplayStore } from "../replay/store.ts";
import { runLoop } from "../loop/loop.ts";
import { testOurselves } from "./self_check.ts";
import { createFacts } from "../report/facts.ts";
import { type HeldPidFile, holdPidFile } from "../service/pid_file.ts";
import { listenForSignals } from "../loop/signals.ts";
import { watchStateFiles } from "../service/state_files.ts";
import { explain, reasonOf, StartError, unexpected } from "./start_error.ts";

/** How the daemon runs. */
export interface ServeOptions extends ConfigSource {
  readonly foreground: boolean;
  /** Where a process in the background says how its start went; null in the foreground. */
  readonly readinessFd: number | null;
  readonly readyWord: string;
}

/** Runs the daemon to its end. Returns the exit code. Failures of the start are thrown, in the background said on `readinessFd`. */
export async function serve(options: ServeOptions): Promise<number> {
  refuseDebugger();
  const { loaded, foreground, readinessFd } = options;
  const told: string[] = [];
  let ready = false;
  const base = openLog(loaded.config.logging, {
    foreground,
    syslog: options.options.actions.syslogEnable,
    pid: Deno.pid,
  });
  // Who starts a daemon in the background looks at the terminal, not at the system log.
  const log: Log = readinessFd === null ? base : (level, text) => {
    if (!ready && level === "warning") told.push(`fwknopd: warning: ${text.replace(/^warning: /i, "")}`);
    base(level, text);
  };
  try {
    return await runDaemon(options, log, async () => {
      ready = true;
      tellServiceManager("READY=1", log);
      if (readinessFd !== null) await notifyReady(readinessFd, [...told, options.readyWord].join("\n"));
    });
  } catch (error) {
    const known = explain(error);
    if (known === null) log("error", unexpected(error));
    else if (readinessFd === null) throw error;
    else log("error", reasonOf(error));
    if (!ready && readinessFd !== null) {
      const hint = typeof known?.hint === "string" ? `\nfwknopd: hint: ${known.hint}` : "";
      const last = `fwknopd: error: ${known?.message ?? reasonOf(error)}${hint}`;
      await notifyReady(readinessFd, [...told, last].join("\n"));
    }
    return 1;
  }
}

async function runDaemon(options: ServeOptions, log: Log, announce: () => Promise<void>): Promise<number> {
  const { config, stanzas } = options.loaded;
  const { actions } = options.options;
  setFileModeMask(0o077);
  makeRunDirectory(config.paths.runDirectory, log);
  if (actions.exitParseDigestCache) return parseDigestCache(config, log);
  const pidFile = takePidFile(config.paths.pidFile);
  try {
    if (!options.foreground) changeFolder("/");
    log("info", "Starting fwknopd");
    for (const warning of options.loaded.warnings) log("warning", warning);
    if (options.foreground && config.logging.verbosity >= 2) {
      console.log(showableLines(formatDump(config, options.loaded.access)));
    }
    using store = openStore(config, actions.rotateDigestCache, log);
    using waiter = new Waiter();
    using signals = listenForSignals(() => waiter.wake(), (error) => log("error", unexpected(error)));
    const { firewall, reason, warning } = actions.test ? openTestFirewall() : await openFirewall(config.firewall, log);
    log("info", reason);
    if (warning !== null) log("warning", warning);
    const { enabled, port } = config.udpServer;
    for (const line of await firewall.examine(enabled ? port : null)) log("warning", line);
    try {
      const ledger = createLedger(await firewall.prepare());
      if (ledger.size > 0) log("info", `${ledger.size} doors of an earlier run are still open and close at their time`);
      const source = openFirstSource(config, log);
      const active = makeActiveConfig({ config, stanzas, source, log, store, test: actions.test });
      for (const line of source.banner) log("info", line);
      await testOurselves(active.context, Math.floor(Date.now() / 1000));
      giveUpRights(firewall.needsPrograms);
      await announce();
      log("info", "Starting fwknopd main event loop.");
      const steady = () => performance.now();
      const facts = createFacts();
      const stateFiles = watchStateFiles({ store, pidFile, facts, steady });
      const ending = await runLoop(active, {
        waiter,
        signals,
        patience: createPatience(PATIENCE_MS, () => waiter.wake()),
        facts,
        store,
        stateFiles,
        firewall,
        ledger,
        packetLimit: actions.packetLimit,
        alreadyOpen: actions.noIptCheckSupport ? "rule_exists_no_chk_support: already exists" : "already exists",
        testMode: actions.test,
        clock: Date.now,
        steady,
        ...makeReload(options, { store, openSource }),
      });
      stateFiles.look(log);
      tellServiceManager("STOPPING=1", log);
      return conclude(ending, actions.packetLimit, log);
    } finally {
      if (closesDoorsAtExit(firewall, config)) await closeAllDoors(firewall, log);
    }
  } finally {
    pidFile.retire();
  }
}

/** A unit of `Type=notify` counts as started when doors can be opened, not before. Without such a manager: nothing. */
function tellServiceManager(state: string, log: Log): void {
  const socket = ownEnvironment()["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return;
  try {
    notifyServiceManager(socket, [state]);
  } catch (error) {
    log("warning", reasonOf(error));
  }
}

/** The folder is looked at more closely with each file that is opened in it. */
function makeRunDirectory(path: string, log: Log): void {
  const facts = fileFacts(AT_FDCWD, path);
  if (facts?.kind === "folder") return;
  const hint = "set FWKNOP_RUN_DIR (option -r) to a folder of root";
  if (facts !== null) throw new StartError(`Cannot use the run directory ${path}: it is NOT a directory`, hint);
  log("warning", `Run directory: ${path} does not exist. Attempting to create it.`);
  try {
    makeTrustedFolder(path);
  } catch (cause) {
    throw new StartError(`Cannot use the run directory ${path}: ${reasonOf(cause)}`, hint, { cause });
  }
  log("info", `Successfully created Run directory: ${path}`);
}

function takePidFile(path: string): HeldPidFile {
  const held = holdPidFile(path, Deno.pid);
  if (!("runningPid" in held)) return held;
  throw new StartError(
    `[*] An instance of fwknopd is already running: (PID=${held.runningPid}).`,
    "stop it with fwknopd -K, or give this one a PID file of its own (option -p)",
  );
}

/** Only looks: a daemon that runs keeps its file. */
function parseDigestCache(config: ServerConfig, log: Log): number {
  if (config.replay.persist) sayEntries(config.replay.file, checkCache(config.replay.file, log), log);
  log("info", "Digest cache parsed, exiting.");
  return 0;
}

function sayEntries(path: string, count: number, log: Log): void {
  log("info", `Using Digest Cache: '${path}' (entry count = ${count})`);
}

function openStore(config: ServerConfig, rotate: boolean, log: Log): ReplayStore {
  if (!config.replay.persist) {
    log(
      "warning",
      "ENABLE_DIGEST_PERSISTENCE is N: a packet seen before a restart of the daemon can be replayed after it",
    );
    return memoryStore();
  }
  const { file } = config.replay;
  if (rotate && rotateCache(file) !== null) log("info", "Rotating digest cache file.");
  const store = openFileStore(file, log, { maxAge: config.maxAge, makeFolder: true });
  sayEntries(file, store.size, log);
  return store;
}

/** A failure here must not hide why the daemon ends. */
async function closeAllDoors(firewall: Firewall, log: Log): Promise<void> {
  try {
    await firewall.cleanup();
  } catch (error) {
    log("error", `Cannot take what belongs to fwknopd out of the ruleset: ${reasonOf(error)}`);
  }
}

function closesDoorsAtExit(firewall: Firewall, config: ServerConfig): boolean {
  const { iptables, nftables } = config.firewall;
  return firewall.name === "nftables" ? nftables.flushAtExit : firewall.name === "iptables" && iptables.flushAtExit;
}

function conclude(ending: Ending, packetLimit: number, log: Log): number {
  log("info", "Gracefully leaving the fwknopd event loop.");
  if (ending.reason === "packet limit") log("warning", `Packet count limit (${packetLimit}) reached. Exiting...`);
  else if (ending.reason === "capture broken") log("error", "Packets can no longer be captured. Exiting...");
  else if (ending.reason === "failure") log("error", "Something failed that nobody caught. Exiting...");
  else log("warning", `Got ${ending.reason}. Exiting...`);
  log("warning", "Shutting Down fwknopd.");
  return ending.reason === "capture broken" || ending.reason === "failure" ? 1 : 0;
}
