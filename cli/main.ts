/** The client: arguments in, exit code out. The order of the steps is that of facts/client 1. */
import { FfiError } from "../ffi/errors.ts";
import { reasonOf } from "../lib/host/reason.ts";
import { type Arguments, parseArguments } from "../lib/settings/argv.ts";
import { VERSION } from "../lib/version.ts";
import { formatLastRun, lastRunPath, NO_PLACE, saveLastRun } from "./knock/last_run.ts";
import { earlySettings, type Loaded, loadSettings, openRc, ProblemsError } from "./settings/load.ts";
import { knock } from "./knock/knock.ts";
import { BEYOND_OPTIONS } from "./options/own.ts";
import { CLIENT_SETTINGS, type ClientSettings } from "./options/table.ts";
import type { RcFile } from "./rc/rc_file.ts";
import { listedServers } from "./knock/server_list.ts";
import { ClientError, tellError, tellProblems, tellWarning, type Terminal } from "./ui/tui.ts";
import { findConflict, followsKnock, makesKeys } from "./settings/conflicts.ts";
import { type Machine, realWorld, type World, worldOn } from "./ui/world.ts";

/** One run. Never throws what an operator can mend; the result is the exit code of the process. */
export async function main(argv: readonly string[], machine: Machine): Promise<number> {
  const world = worldOn(machine);
  const args = parse(argv);
  if (!args.given.some(({ key }) => key === "json")) return await attempt(() => run(args, world), world);
  const answer = (await import("./ui/json_answer.ts")).jsonAnswer(world);
  const code = await attempt(() => run(args, answer.world), answer.world);
  answer.finish(code);
  return code;
}

/** Runs a step, and tells what it throws. The result is the exit code. */
async function attempt(step: () => Promise<number>, world: World): Promise<number> {
  try {
    return await step();
  } catch (error) {
    return await tellFailure(error, world);
  }
}

function parse(argv: readonly string[]): Arguments {
  return parseArguments(CLIENT_SETTINGS, argv, { ignoreCase: true });
}

async function run(args: Arguments, terminal: World): Promise<number> {
  const version = args.given.some(({ key }) => key === "version");
  // As in C, -V is a run up to the packet: it reads its files, and writes them. What C does not have stays out of it.
  const beyond = !version && args.given.some(({ key }) => key in BEYOND_OPTIONS);
  const errands = beyond ? await import("./modes.ts") : null;
  const json = args.given.some(({ key }) => key === "json");
  const world = errands?.worldFor(args, terminal) ?? terminal;
  if (args.given.some(({ key }) => key === "help")) return await showHelp(args, world);
  if (args.problems.length > 0) throw new ProblemsError(args.problems);
  const shell = args.given.findLast(({ key }) => key === "completion");
  if (errands !== null || json || shell !== undefined || listedServers(args) !== null) {
    (await import("./settings/combinations.ts")).checkCombination(args);
  }
  if (shell !== undefined) return await showCompletion(shell.text ?? "", world);
  const early = earlySettings(args);
  if (early.showLast || early.lastCmd) return await fromLastRun(args, world);
  const found = await errands?.beforeFiles(args, world) ?? null;
  if (found !== null) return found;
  const rc = openRc(early, world);
  if (early.stanzaList) return await (await import("./rc/stanza_commands.ts")).listStanzas(rc, { json, world });
  const done = await errands?.beforeSettings(args, rc, world) ?? null;
  if (done !== null) return done;
  const act = async (loaded: Loaded, run: { readonly world: World; readonly remember: boolean }) =>
    await errands?.insteadOfKnock(loaded, args, run.world) ?? await perform(loaded, { ...run, args });
  if (!version && listedServers(args) !== null) return await onEachServer(args, rc, { world, remember: true, act });
  const loaded = await errands?.loadForErrand(args, rc, world) ?? loadSettings(args, rc, world);
  return await act(loaded, { world, remember: !loaded.settings.proxy });
}

/** What is done with the settings for one server. */
type Act = (loaded: Loaded, run: { readonly world: World; readonly remember: boolean }) => Promise<number>;

/** One run for each server of a list. What fails for one is told with its name, and the others go on. */
async function onEachServer(
  args: Arguments,
  rc: RcFile | null,
  options: { readonly world: World; readonly remember: boolean; readonly act: Act },
): Promise<number> {
  const { serverRuns, tellEach } = await import("./knock/servers.ts");
  let { remember } = options;
  return await tellEach(serverRuns(args, rc), args, options.world, (run, world) =>
    attempt(async () => {
      const loaded = loadSettings(run.args, rc, world);
      const code = await options.act(loaded, { world, remember });
      remember = false;
      return code;
    }, world));
}

/** Steps 5 to 18 for settings that are read. */
async function perform(
  loaded: Loaded,
  options: { readonly args: Arguments; readonly world: World; readonly remember: boolean },
): Promise<number> {
  const { args, world } = options;
  const { settings } = loaded;
  if (settings.saveRcStanza) (await import("./rc/stanza_commands.ts")).checkStanzaName(settings);
  const conflict = findConflict(settings);
  // A stanza for GPG can be saved although nothing can be sent with it yet.
  if (
    conflict !== null &&
    !(settings.saveRcStanza && settings.useGpg && conflict.message.includes("this version has no GnuPG"))
  ) {
    const word = settings.server === undefined ? (await import("./remedies/words.ts")).wordHint(args, loaded.rc) : null;
    throw new ClientError(conflict.message, word ?? conflict.hint);
  }
  const keys = makesKeys(settings) ? (await import("./keys/generate.ts")).makeKeys(settings, world) : null;
  // Before anything is written or shown that would be of no use without the code.
  if (settings.qr && keys !== null) await (await import("./enrolment/show.ts")).checkEnrolment(loaded, keys, world);
  const saved = settings.saveRcStanza
    ? await (await import("./rc/stanza_commands.ts")).saveStanza(loaded, { keys, world })
    : null;
  if (keys !== null) {
    const code = (await import("./keys/generate.ts")).reportKeys(keys, loaded, { saved, world });
    // A code of keys that the stanza here does not have would be of no use.
    return settings.qr && (saved === null || saved.encryption && saved.hmac)
      ? await (await import("./enrolment/show.ts")).showEnrolment(loaded, keys, world)
      : code;
  }
  if (conflict !== null) throw new ClientError(conflict.message, conflict.hint);
  if (options.remember && !settings.noSaveArgs) rememberRun(settings, args, world);
  if (settings.version) return showVersion(world);
  if (args.words.length > 0) (await import("./remedies/words.ts")).warnOfWords(args, loaded.rc, world);
  return followsKnock(settings)
    ? await (await import("./after/follow_up.ts")).knockAndFollow(settings, { rest: args.rest ?? [], world })
    : await knock(settings, world);
}

function rememberRun(settings: ClientSettings, args: Arguments, world: World): void {
  const { saveArgsFile, noHomeDir, version } = settings;
  const home = world.env("HOME");
  if (saveArgsFile === undefined && !noHomeDir && !home) {
    // A knock needs no place for them, as a version does not.
    if (!version) tellWarning(world, `${NO_PLACE}: the arguments of this run are not remembered`);
    return;
  }
  saveLastRun(lastRunPath({ saveArgsFile, noHomeDir, home }), formatLastRun(args.given, args.words), world);
}

/** `--show-last` and `-l`. The run that is repeated is not remembered again. */
async function fromLastRun(args: Arguments, world: World): Promise<number> {
  const { argumentsOf, maskedArguments, maskedLine, readLastRun, withoutCommand } = await import("./knock/last_run.ts");
  const early = earlySettings(args);
  const line = readLastRun(lastRunPath({ ...early, home: world.env("HOME") }), world);
  if (early.showLast && args.given.some(({ key }) => key === "json")) {
    world.json({ arguments: maskedArguments(line) });
    return 0;
  }
  if (early.showLast) {
    world.out(`Last fwknop client command line: ${maskedLine(line)}\n`);
    return 0;
  }
  if (early.verbose) world.out(`Executing: ${maskedLine(line)}`);
  const repeated = withoutCommand(parse(argumentsOf(line)));
  if (repeated.problems.length > 0) throw new ProblemsError(repeated.problems);
  const rc = openRc(earlySettings(repeated), world);
  const act: Act = (loaded, run) => perform(loaded, { ...run, args: repeated });
  if (listedServers(repeated) !== null) return await onEachServer(repeated, rc, { world, remember: false, act });
  return await act(loadSettings(repeated, rc, world), { world, remember: false });
}

async function showHelp(args: Arguments, world: World): Promise<number> {
  const { clientHelp } = await import("./shell/help.ts");
  world.out(clientHelp(args.given.findLast(({ key }) => key === "help")?.text ?? null));
  return 0;
}

async function showCompletion(text: string, world: Terminal): Promise<number> {
  const shell = CLIENT_SETTINGS.completion.kind.parse(text);
  if (!shell.ok) throw new ClientError(`--completion: ${shell.fault}, got "${text}"`);
  world.out((await import("./shell/completion.ts")).clientCompletion(shell.value).trimEnd());
  return 0;
}

function showVersion(world: Terminal): number {
  world.out(`fwknop client ${VERSION}, FKO protocol version 3.0.0`);
  return 0;
}

async function tellFailure(error: unknown, world: Terminal): Promise<number> {
  if (error instanceof ProblemsError) {
    const { withRemedy } = await import("./remedies/problems.ts");
    tellProblems(world, error.problems.map(withRemedy));
    return 1;
  }
  if (error instanceof ClientError) {
    tellError(world, error.message, error.hint);
    return error.exitCode;
  }
  if (error instanceof FfiError) {
    tellError(world, error.message, error.details.hint);
    return 1;
  }
  if (error instanceof Deno.errors.NotCapable) {
    tellError(world, reasonOf(error), "start the program with the permissions that its documentation lists");
    return 1;
  }
  tellError(world, unexpected(error));
  return 1;
}

/**
 * What no other step told, without a stack. Only sentences of the operating system are repeated: others may quote what was
 * read, and that may be a key.
 */
function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return "something unexpected happened: please report it";
  return / \(os error [0-9]+\)/.test(error.message)
    ? reasonOf(error)
    : `something unexpected happened (${error.name}): please report it`;
}

if (import.meta.main) Deno.exit(await main(Deno.args, realWorld()));
