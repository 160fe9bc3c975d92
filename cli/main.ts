/** The client: arguments in, exit code out. The order of the steps is that of the C client (facts/client 1). */
import { type Arguments, parseArguments } from "../lib/settings/argv.ts";
import { knock } from "./knock/knock.ts";
import { rememberRun } from "./knock/last_run.ts";
import { listedServers } from "./knock/server_list.ts";
import { actAt, asks, mayContradict, type Ready } from "./modes.ts";
import { CLIENT_SETTINGS } from "./options/table.ts";
import { type Conflict, findConflict } from "./settings/conflicts.ts";
import { earlySettings, loadSettings, openRc, ProblemsError } from "./settings/load.ts";
import { attempt } from "./ui/failure.ts";
import { ClientError } from "./ui/tui.ts";
import { type Machine, realWorld, type World, worldOn } from "./ui/world.ts";

/** One run. Never throws what an operator can mend; the result is the exit code of the process. */
export async function main(argv: readonly string[], machine: Machine): Promise<number> {
  const world = worldOn(machine);
  const args = parseArguments(CLIENT_SETTINGS, argv, { ignoreCase: true });
  if (!asks(args, ["json"])) return await attempt(() => run(args, world), world);
  const answer = (await import("./ui/json_answer.ts")).jsonAnswer(world);
  const code = await attempt(() => run(args, answer.world), answer.world);
  answer.finish(code);
  return code;
}

async function run(args: Arguments, terminal: World): Promise<number> {
  // Standard output belongs to ssh or to a command then.
  const world = asks(args, ["proxy", "thenCommand"]) ? { ...terminal, out: terminal.err } : terminal;
  const start = { args, world, repeat: (other: Arguments) => runOnFile(other, { world, remember: false }) };
  const shown = await actAt("options", start);
  if (shown !== null) return shown;
  if (args.problems.length > 0) throw new ProblemsError(args.problems);
  if (mayContradict(args)) (await import("./settings/combinations.ts")).checkCombination(args);
  return await actAt("start", start) ?? await runOnFile(args, { world, remember: true });
}

/** How a run goes on. */
interface Going {
  readonly world: World;
  /** Whether the arguments are written down for `-l`. */
  readonly remember: boolean;
}

/** From the rc file on. */
async function runOnFile(args: Arguments, { world, remember }: Going): Promise<number> {
  const rc = openRc(earlySettings(args), world);
  const done = await actAt("file", { args, rc, world });
  if (done !== null) return done;
  if (listedServers(args) !== null && !asks(args, ["version"])) {
    const { onEachServer } = await import("./knock/servers.ts");
    return await onEachServer(
      args,
      { rc, world },
      (loaded, own) => runOnSettings({ args, loaded, world: own.world }, remember && own.first),
    );
  }
  const loaded = asks(args, ["sshConfig", "proxy", "qr"])
    ? (await import("./settings/load_named.ts")).loadNamed(args, rc, world)
    : loadSettings(args, rc, world);
  return await runOnSettings({ args, loaded, world }, remember && !loaded.settings.proxy);
}

/** From the settings for one server on. */
async function runOnSettings(ready: Ready, remember: boolean): Promise<number> {
  const { args, loaded, world } = ready;
  const { settings, rc } = loaded;
  const shown = await actAt("settings", ready);
  if (shown !== null) return shown;
  if (settings.saveRcStanza) (await import("./rc/stanza_commands.ts")).checkStanzaName(settings);
  const conflict = findConflict(settings);
  if (conflict !== null) throw await refusal(conflict, ready);
  const done = await actAt("checked", ready);
  if (done !== null) return done;
  if (remember && !settings.noSaveArgs) rememberRun(settings, args, world);
  if (args.words.length > 0 && !settings.version) {
    (await import("./remedies/words.ts")).warnOfWords(args, rc, world);
  }
  if (loaded.unread.length > 0 && !settings.version) (await import("./settings/unread.ts")).refuseUnread(loaded);
  return await actAt("knock", ready) ?? await knock(settings, world);
}

/** A word that belongs to no option may have been meant for the server that is missing. */
async function refusal({ message, hint }: Conflict, { args, loaded }: Ready): Promise<ClientError> {
  const { settings, rc } = loaded;
  const word = settings.server === undefined ? (await import("./remedies/words.ts")).wordHint(args, rc) : null;
  return new ClientError(message, word ?? hint);
}

if (import.meta.main) Deno.exit(await main(Deno.args, realWorld()));
