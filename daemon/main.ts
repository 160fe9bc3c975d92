/**
 * fwknopd: arguments in, exit code out. Modes that answer and end are here; the daemon itself is `serve.ts`.
 *
 * Standard output carries what was asked for; standard error one sentence per mistake, `fwknopd: error: what, where`,
 * and the next move as `fwknopd: hint: …`. Exit codes are 0 and 1 (facts/process 3).
 */
import { ownCommandLine, ownEnvironment } from "../ffi/libc/proc_self.ts";
import { READINESS_FD, startInBackground } from "../ffi/libc/background.ts";
import { keepMemoryPrivate } from "../ffi/libc/private_memory.ts";
import { sendSignal } from "../ffi/libc/process.ts";
import { formatKeys, generateKeys } from "../lib/crypto/key_generation.ts";
import { randomBytes } from "../lib/host/entropy.ts";
import type { LogLevel } from "../lib/log.ts";
import { showableLines } from "../lib/showable.ts";
import { formatOrigin, type Problem } from "../lib/settings/setting.ts";
import { VERSION } from "../lib/version.ts";
import {
  type ConfigFiles,
  formatDump,
  hostConfigFiles,
  loadConfig,
  type LoadedConfig,
  loadServerConfig,
  loadWithKeys,
  policyLines,
} from "./config/mod.ts";
import { BECOME, becomeOrdered } from "./command/become.ts";
import {
  type ControlWorld,
  flushRules,
  listAllRules,
  listRules,
  sendRestart,
  showStatus,
  stopDaemon,
} from "./control.ts";
import { examineDaemon, examineProblems } from "./doctor/doctor.ts";
import { ownFamilies } from "./doctor/families.ts";
import { daemonHelp } from "./help.ts";
import { writeKeys } from "./key_file.ts";
import { answerInWorker } from "./gpg/key_file_worker.ts";
import { SEND_MAIL, sendOrdered } from "./report/mail_process.ts";
import { firewallProgram, openFirewall } from "./firewall/backends.ts";
import { openLog } from "./start/compose.ts";
import { type DaemonOptions, parseDaemonOptions, wordHint } from "./options.ts";
import { lookAhead, ownRights, reloadObstacles } from "./start/preflight.ts";
import { serve } from "./start/serve.ts";
import { leadsToJournal, priority } from "./service/journal.ts";
import { runningDaemon } from "./service/pid_file.ts";
import { howItWasStarted } from "./start/started.ts";
import { explain, reasonOf, StartError, unexpected } from "./start/start_error.ts";
import { serverErrorLines } from "./verify/refusals.ts";

/** Set in the environment of the process that goes to the background: the descriptor on which it says how its start went. */
const READINESS_VARIABLE = "FWKNOPD_READINESS_FD";
/** What a background process says when it listens. */
const READY = "ready";

/** Values of files and names in the ruleset are repeated here: what cannot be seen becomes escapes. */
const terminal = {
  out: (text: string) => console.log(showableLines(text)),
  err: (text: string, level: LogLevel = "info") => {
    const before = leadsToJournal() ? priority(level) : "";
    console.error(showableLines(text).replace(/^/gm, before));
  },
};

const CONTROL_WORLD: ControlWorld = {
  kill: sendSignal,
  print: terminal.out,
  complain: (text) => terminal.err(text, "error"),
  pause: (ms) => new Promise((done) => setTimeout(done, ms)),
};

/** Runs the program and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const parsed = parseDaemonOptions(argv);
    if (!parsed.ok) {
      tellProblems(parsed.problems);
      if (parsed.unreadable) terminal.out(daemonHelp(null));
      return 1;
    }
    // The process in the background has the same words, and its start was told to somebody already.
    if (ownEnvironment()[READINESS_VARIABLE] === undefined) warnOfWords(parsed.options.words);
    return await perform(parsed.options);
  } catch (error) {
    const known = explain(error);
    if (known === null) tell(unexpected(error), null);
    else tell(known.message, known.hint);
    return 1;
  }
}

/** Of several actions the first of these is done, as in the C daemon. */
async function perform(options: DaemonOptions): Promise<number> {
  const { actions } = options;
  if (actions.version) {
    const executable = firewallProgram(serverConfig(options, hostConfigFiles(startDirectory()))?.firewall ?? null);
    return answer(`fwknopd server ${VERSION}, compiled for firewall bin: ${executable}`);
  }
  if (actions.keyGen || actions.keyGenFile !== undefined) return generate(actions);
  if (actions.help !== undefined) return answer(daemonHelp(actions.help === "" ? null : actions.help));
  if (actions.dumpServerErrors) return answer(serverErrorLines().join("\n"));
  const files = hostConfigFiles(startDirectory());
  if (actions.kill || actions.restart || actions.status) {
    const config = serverConfig(options, files);
    return config === null ? 1 : await control(options, config.paths.pidFile, files);
  }
  if (actions.fwList || actions.fwListAll || actions.fwFlush) {
    const config = serverConfig(options, files);
    return config === null ? 1 : await askFirewall(actions, config);
  }
  // What is only shown needs no key.
  const load = actions.dumpConfig && !actions.doctor ? loadConfig : loadWithKeys;
  const loaded = await load(options, files, Date.now() / 1000);
  if (actions.doctor) return await consultDoctor(loaded, actions.test);
  if (!loaded.ok) {
    tellProblems(loaded.problems);
    return 1;
  }
  if (actions.dumpConfig) return answer(formatDump(loaded.config, loaded.access).trimEnd());
  if (actions.exitParseConfig) return await concludeCheck(loaded, actions.test);
  return await startDaemon(options, loaded, files);
}

/** What fwknopd.conf and the command line say; null after what is wrong with them was told. */
function serverConfig(options: DaemonOptions, files: ConfigFiles): LoadedConfig["config"] | null {
  const loaded = loadServerConfig(options, files);
  if (!loaded.ok) tellProblems(loaded.problems);
  return loaded.ok ? loaded.config : null;
}

/** Where relative paths begin. */
function startDirectory(): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    const message = `Cannot use the directory in which fwknopd was started: ${reasonOf(cause)}`;
    throw new StartError(message, "start it in another one: cd / && fwknopd", { cause });
  }
}

async function startDaemon(
  options: DaemonOptions,
  loaded: LoadedConfig,
  files: ConfigFiles,
): Promise<number> {
  const stays = options.actions.foreground || options.actions.exitParseDigestCache;
  const readiness = ownEnvironment()[READINESS_VARIABLE];
  if (stays || readiness !== undefined) {
    const readinessFd = readiness === undefined ? null : READINESS_FD;
    return await serve({ options, loaded, files, foreground: stays, readinessFd, readyWord: READY });
  }
  const running = runningDaemon(loaded.config.paths.pidFile);
  if (running !== null) throw new StartError(`[*] An instance of fwknopd is already running: (PID=${running}).`);
  const [, ...args] = ownCommandLine();
  const env = { ...ownEnvironment(), [READINESS_VARIABLE]: String(READINESS_FD) };
  const child = startInBackground({ path: Deno.execPath(), args, env });
  const said = await child.readiness(-1) ?? "";
  const started = said === READY || said.endsWith(`\n${READY}`);
  const text = (started ? said.slice(0, -READY.length) : said).trimEnd();
  const log = `journalctl -t ${loaded.config.logging.identity}`;
  if (text !== "") terminal.err(text);
  else if (!started) tell(`the daemon ended without a word (pid ${child.pid})`, `its log may say more: ${log}`);
  return started ? 0 : 1;
}

async function control(options: DaemonOptions, pidPath: string, files: ConfigFiles): Promise<number> {
  const { actions } = options;
  if (actions.status) return showStatus(pidPath, CONTROL_WORLD);
  if (actions.restart) return await checkAgain(pidPath, options, files) ? sendRestart(pidPath, CONTROL_WORLD) : 1;
  return await stopDaemon(pidPath, CONTROL_WORLD);
}

/** Whether the running daemon would take what its files say now; if not, the problems are told and nothing is sent. */
async function checkAgain(pidPath: string, options: DaemonOptions, files: ConfigFiles): Promise<boolean> {
  const pid = runningDaemon(pidPath);
  if (pid === null) return true;
  const started = howItWasStarted(pid);
  const loaded = await loadWithKeys(
    started?.options ?? options,
    started === null ? files : hostConfigFiles(started.startDirectory ?? Deno.cwd()),
    Date.now() / 1000,
  );
  const obstacles = loaded.ok ? await reloadObstacles(loaded.config) : [];
  if (loaded.ok && obstacles.length === 0) return true;
  if (!loaded.ok) tellProblems(loaded.problems);
  for (const { message, hint } of obstacles) tell(message, hint);
  tell(`fwknopd (pid ${pid}) was sent nothing and goes on as it is`, "mend the lines above, then give -R again");
  return false;
}

async function askFirewall(
  actions: DaemonOptions["actions"],
  config: LoadedConfig["config"],
): Promise<number> {
  const log = openLog(config.logging, { foreground: true, syslog: false, pid: Deno.pid });
  const opened = await openFirewall(config.firewall, log);
  log("debug", opened.reason);
  if (actions.fwListAll) return await listAllRules(opened.firewall, CONTROL_WORLD);
  if (actions.fwList) return await listRules(opened, CONTROL_WORLD);
  return await flushRules(opened, config.paths.pidFile, CONTROL_WORLD);
}

function generate(actions: DaemonOptions["actions"]): number {
  const keys = formatKeys(generateKeys({
    keyLen: actions.keyLength,
    hmacKeyLen: actions.hmacKeyLength,
    hmacDigest: actions.hmacDigestType,
  }, randomBytes));
  const path = actions.keyGenFile;
  if (path === undefined) return answer(keys);
  writeKeys(path, keys);
  return answer(`[+] Wrote Rijndael and HMAC keys to: ${path}`);
}

function warnOfWords(words: readonly string[]): void {
  for (const word of words) {
    const meant = wordHint(word);
    terminal.err(`fwknopd: warning: ${JSON.stringify(word)} is no option and is ignored`, "warning");
    if (meant !== null) terminal.err(`fwknopd: hint: ${meant}`);
  }
}

function answer(text: string): number {
  terminal.out(text);
  return 0;
}

/** The configuration can be read; what is left to say is whether a start would succeed here. */
async function concludeCheck(loaded: LoadedConfig, test: boolean): Promise<number> {
  if (loaded.config.logging.verbosity > 0) {
    for (const line of policyLines(loaded.stanzas, loaded.config)) terminal.out(line);
  }
  const outlook = await lookAhead(loaded, test);
  for (const line of loaded.notes) terminal.err(line);
  for (const line of [...loaded.warnings, ...outlook.warnings]) terminal.err(line, "warning");
  if (outlook.firewall !== null) terminal.err(outlook.firewall);
  for (const { message, hint } of outlook.obstacles) tell(message, hint);
  const fails = outlook.obstacles.length > 0;
  // The last line is the C daemon's and true in both cases: the exit status tells them apart.
  if (fails) terminal.err("Configs parsed, exiting. But fwknopd would not start here.", "error");
  else terminal.err("Configs parsed, exiting.");
  return fails ? 1 : 0;
}

/** One line for each finding; the exit code is 1 when something keeps a door shut. */
async function consultDoctor(loaded: ReturnType<typeof loadConfig>, test: boolean): Promise<number> {
  const { lines, shut } = loaded.ok
    ? await examineDaemon(loaded, test, {
      openFirewall,
      rights: ownRights(),
      families: ownFamilies(),
    })
    : examineProblems(loaded.problems);
  for (const line of lines) terminal.out(line);
  return shut ? 1 : 0;
}

function tellProblems(problems: readonly Problem[]): void {
  for (const problem of problems) {
    const place = formatOrigin(problem.origin);
    tell(place === "" ? problem.message : `${place}: ${problem.message}`, problem.hint ?? null);
  }
}

function tell(message: string, hint: string | null): void {
  terminal.err(`fwknopd: error: ${message}`, "error");
  if (hint !== null) terminal.err(`fwknopd: hint: ${hint}`);
}

// The thread for key files runs this module too, and has no arguments to look at.
if (!answerInWorker() && import.meta.main) {
  if (Deno.args[0] === SEND_MAIL) {
    keepMemoryPrivate();
    Deno.exit(await sendOrdered());
  }
  // Everybody else speaks to nobody: what carries a mail to its server is a process of its own, that does nothing else.
  Deno.permissions.revokeSync({ name: "net" });
  if (Deno.args[0] === BECOME) Deno.exit(becomeOrdered(Deno.args.slice(1)));
  keepMemoryPrivate();
  Deno.exit(await main(Deno.args));
}
