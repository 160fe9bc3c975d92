/** The daemon itself: everything is opened in the one right order, the loop runs, and everything is closed again. */
import { notifyReady } from "../../ffi/libc/background.ts";
import { Waiter } from "../../ffi/libc/poll.ts";
import { changeFolder, setFileModeMask } from "../../ffi/libc/process.ts";
import { refuseDebugger } from "../../ffi/libc/refuse_debugger.ts";
import type { Log } from "../../lib/log.ts";
import { randomBytes } from "../../lib/host/entropy.ts";
import { showableLines } from "../../lib/showable.ts";
import { chooseEngine } from "../crypto/libcrypto_engine.ts";
import { formatDump, type ServerConfig } from "../config/mod.ts";
import { type OpenedFirewall, openFirewall } from "../firewall/backends.ts";
import type { Firewall } from "../firewall/firewall.ts";
import { createGpg, type Gpg } from "../gpg/gpg.ts";
import { createLedger } from "../grants/ledger.ts";
import { createShutGrants } from "../grants/shut.ts";
import { createAccounts, HOST_ACCOUNTS } from "../loop/accounts.ts";
import { type ActiveConfig, makeActiveConfig, type Runtime } from "../loop/active_config.ts";
import { runLoop } from "../loop/loop.ts";
import { createPatience, HASTE_MS, PATIENCE_MS } from "../loop/patience.ts";
import { type ConfigSource, makeReload, RELOAD } from "../loop/reload.ts";
import { createNameResolver, HOST_RESOLVER } from "../loop/resolve_name.ts";
import { listenForSignals } from "../loop/signals.ts";
import { createSlowLane } from "../loop/slow.ts";
import { createStrangers } from "../loop/strangers.ts";
import type { PacketSource } from "../packet/datagram.ts";
import { openSource } from "../packet/open.ts";
import type { SourceSpec } from "../packet/spec.ts";
import type { ReplayStore } from "../replay/store.ts";
import { createFacts } from "../report/facts.ts";
import { HOST_MANAGER, type ServiceManager, serviceManager } from "../service/manager.ts";
import type { HeldPidFile } from "../service/pid_file.ts";
import { type StateFiles, watchStateFiles } from "../service/state_files.ts";
import { openLog, openNoFirewall, whyNoFirewall } from "./compose.ts";
import { openSources } from "./sources.ts";
import { mailDoubts } from "./mail_outlook.ts";
import { closeAllGrants, conclude, finishWork } from "./ending.ts";
import { reportStart } from "./readiness.ts";
import { giveUpRights, type Part } from "./rights.ts";
import { makeRunDirectory, openStore, parseDigestCache, takePidFile } from "./run_directory.ts";
import { testOurselves } from "./self_check.ts";
import { rehearse } from "./rehearsal.ts";
import { makeQueueRules, QUEUE_RULES, type QueueRules } from "./queue_rules.ts";
import { giveBackStart } from "./spare_memory.ts";
import { explain, reasonOf, unexpected } from "./start_error.ts";
import { startCommands } from "./start_commands.ts";
import { startMail } from "./start_mail.ts";
import { startWarnings } from "./start_warnings.ts";

/** Of the rehearsal in which nothing is compiled any more. */
const TURNS_AFTERWARDS = 2;

/** How the daemon runs. */
export interface ServeOptions extends ConfigSource {
  readonly foreground: boolean;
  /** Where a process in the background says how its start went; null in the foreground. */
  readonly readinessFd: number | null;
  readonly readyWord: string;
}

/** What a start does to the host and to this process for good. */
export interface StartEffects {
  /** Opens the packet filter that the configuration asks for. Throws `FirewallError`. */
  openFirewall(
    config: ServerConfig["firewall"],
    log: Log,
  ): Promise<Pick<OpenedFirewall, "firewall" | "reason"> & Partial<OpenedFirewall>>;
  /** Opens a source. Throws `FfiError`. */
  openSource(spec: SourceSpec): PacketSource;
  /** Makes the rules that fill a netfilter queue, where packets are taken from one. Throws `StartError`. */
  makeQueueRules(config: ServerConfig, log: Log): Promise<QueueRules | null>;
  giveUpRights(parts: readonly Part[]): void;
  /** Gives back the memory that only the start needed. */
  giveBackStart(): void;
  /** Has what a knock needs compiled and in memory, and changes nothing. */
  rehearse(active: ActiveConfig, firewall: Firewall, turns?: number): Promise<unknown>;
  /** Says that packets are looked at from now on. */
  announce(): Promise<void>;
  readonly manager: ServiceManager;
}

/** Runs the daemon to its end. Returns the exit code. Failures of the start are thrown, in the background said on `readinessFd`. */
export async function serve(options: ServeOptions): Promise<number> {
  refuseDebugger();
  const { loaded, foreground, readinessFd } = options;
  const base = openLog(loaded.config.logging, {
    foreground,
    syslog: options.options.actions.syslogEnable,
    pid: Deno.pid,
  });
  const tell = readinessFd === null ? null : (text: string) => notifyReady(readinessFd, text);
  const report = reportStart(base, tell, options.readyWord);
  const { log } = report;
  const manager = serviceManager(HOST_MANAGER, log);
  const announce = async () => {
    await report.ready();
    manager.tell("READY=1");
  };
  try {
    setFileModeMask(0o077);
    return await runDaemon(options, log, {
      ...{ openFirewall, openSource, makeQueueRules, giveUpRights, giveBackStart, rehearse, announce, manager },
    });
  } catch (error) {
    const known = explain(error);
    if (known === null) log("error", unexpected(error));
    else if (readinessFd === null) throw error;
    else log("error", reasonOf(error));
    await report.failed(known?.message ?? reasonOf(error), known?.hint ?? null);
    return 1;
  }
}

/** The same, with what it does for good handed in. */
export async function runDaemon(options: ServeOptions, log: Log, effects: StartEffects): Promise<number> {
  const { config } = options.loaded;
  const { actions } = options.options;
  makeRunDirectory(config.paths.runDirectory, log);
  if (actions.exitParseDigestCache) return parseDigestCache(config, actions.rotateDigestCache, log);
  const pidFile = takePidFile(config.paths.pidFile);
  try {
    if (!options.foreground) changeFolder("/");
    sayStart(options, log);
    using store = openStore(config, actions.rotateDigestCache, log);
    using waiter = new Waiter();
    using signals = listenForSignals(() => waiter.wake(), (error) => log("error", unexpected(error)));
    const firewall = await takeFirewall(options, log, effects);
    const mailer = startMail(options, () => waiter.wake());
    let code = 1, calm = true, closed = true, queueRules: QueueRules | null = null;
    try {
      queueRules = await effects.makeQueueRules(config, log);
      using started = startCommands(options, log);
      const commands = started === null ? {} : { commands: started.commands };
      const gpg = createGpg({ clock: Date.now, steady: () => performance.now(), module: Deno.mainModule });
      const held = { store, waiter, signals, firewall, pidFile, gpg, mailer, ...commands };
      const { active, runtime, stateFiles } = await prepare(options, held, { log, effects });
      const ending = await runLoop(active, runtime).finally(async () => {
        effects.manager.tell("STOPPING=1");
        [calm] = await Promise.all([finishWork(runtime.patience, log), started?.commands.end(log), gpg.end()]);
      });
      stateFiles.look(log);
      code = conclude(ending, actions.packetLimit, log);
    } finally {
      closed = await closeAllGrants({ firewall, queueRules }, calm, log);
      if (!closed) pidFile.noteOpenDoors();
      await mailer?.end(log);
    }
    return closed ? code : 1;
  } finally {
    pidFile.retire();
  }
}

function sayStart({ loaded, foreground }: ServeOptions, log: Log): void {
  log("info", "Starting fwknopd");
  for (const note of loaded.notes) log("info", note);
  for (const warning of [...loaded.warnings, ...mailDoubts(loaded.config.mail)]) log("warning", warning);
  if (!foreground || loaded.config.logging.verbosity < 2) return;
  console.log(showableLines(formatDump(loaded.config, loaded.access)));
}

/** Opens the packet filter, and says which and what is worth knowing of the ruleset. It is not prepared yet. */
async function takeFirewall({ options, loaded }: ServeOptions, log: Log, effects: StartEffects): Promise<Firewall> {
  const none = whyNoFirewall(loaded.stanzas, options.actions.test);
  const opened = none === null ? await effects.openFirewall(loaded.config.firewall, log) : openNoFirewall(none);
  log("info", opened.reason);
  for (const line of await startWarnings(loaded, opened)) log("warning", line);
  return opened.firewall;
}

/** What is open when the packet filter is prepared. */
interface Held extends Pick<Runtime, "signals" | "firewall" | "commands" | "mailer"> {
  readonly store: ReplayStore;
  readonly waiter: Waiter;
  readonly pidFile: HeldPidFile;
  readonly gpg: Gpg;
}

/** What every configuration is made with. */
function lastingParts({ gpg, mailer, store }: Held, log: Log) {
  const resolveName = createNameResolver(HOST_RESOLVER);
  const strangers = createStrangers(() => performance.now(), randomBytes);
  return { store, engine: chooseEngine(log), resolveName, openSlowly: gpg.open, mailer, strangers };
}

/** What is in force first, with its sources open and its keys tried. */
async function firstConfig(
  { loaded: { config, stanzas }, options: { actions } }: ServeOptions,
  lasting: ReturnType<typeof lastingParts>,
  { log, effects }: { readonly log: Log; readonly effects: StartEffects },
): Promise<ActiveConfig> {
  const sources = openSources(config, { inUse: [], open: effects.openSource, log });
  const active = makeActiveConfig({ config, stanzas, sources, log, test: actions.test, ...lasting });
  for (const line of sources.flatMap(({ source }) => source.banner)) log("info", line);
  await testOurselves(active.context, Math.floor(Date.now() / 1000));
  return active;
}

/**
 * Has compiled what a knock runs, gives back what only the start needed, the compiler too, has what a knock needs in memory
 * again, and says that packets are looked at.
 */
async function leaveStart(
  active: ActiveConfig,
  firewall: Firewall,
  { log, effects }: { readonly log: Log; readonly effects: StartEffects },
): Promise<void> {
  await effects.rehearse(active, firewall);
  effects.giveBackStart();
  await effects.rehearse(active, firewall, TURNS_AFTERWARDS);
  await effects.announce();
  log("info", "Starting fwknopd main event loop.");
}

/** Prepares the packet filter, opens the source, proves that knocks open, and gives up what is no longer needed. */
async function prepare(
  options: ServeOptions,
  held: Held,
  { log, effects }: { readonly log: Log; readonly effects: StartEffects },
): Promise<{ readonly active: ActiveConfig; readonly runtime: Runtime; readonly stateFiles: StateFiles }> {
  const { loaded: { config }, options: { actions } } = options;
  const { gpg, pidFile, store, ...open } = held;
  const { firewall, mailer, waiter } = open;
  const ledger = createLedger(await firewall.prepare());
  if (ledger.size > 0) log("info", `${ledger.size} doors of an earlier run are still open and close at their time`);
  const lasting = lastingParts(held, log);
  const active = await firstConfig(options, lasting, { log, effects });
  effects.giveUpRights([firewall, RELOAD, ...config.capture.queue === null ? [] : [QUEUE_RULES]]);
  await leaveStart(active, firewall, { log, effects });
  const steady = () => performance.now();
  const facts = createFacts(mailer?.notify);
  const stateFiles = watchStateFiles({ store, pidFile, facts, steady });
  const runtime: Runtime = {
    ...open,
    patience: createPatience(() => open.signals.stop === null ? PATIENCE_MS : HASTE_MS, () => waiter.wake()),
    slow: createSlowLane(() => waiter.wake()),
    strangers: lasting.strangers,
    facts,
    stateFiles,
    ledger,
    shut: createShutGrants(),
    packetLimit: actions.packetLimit,
    alreadyOpen: actions.noIptCheckSupport ? "rule_exists_no_chk_support: already exists" : "already exists",
    clock: Date.now,
    steady,
    manager: effects.manager,
    ...makeReload({ ...options, files: { ...options.files, runGpg: gpg.run } }, {
      ...lasting,
      openSource: effects.openSource,
      accounts: createAccounts(HOST_ACCOUNTS, steady),
    }),
  };
  return { active, runtime, stateFiles };
}
