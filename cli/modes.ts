/**
 * What a run can be asked for besides a plain knock: the one table of modes, each at the stage of the run at which it acts.
 * A mode is imported when it is asked for, so that a knock loads none of them.
 */
import type { Arguments } from "../lib/settings/argv.ts";
import { listedServers } from "./knock/server_list.ts";
import { OWN_OPTIONS } from "./options/own.ts";
import type { ClientKey } from "./options/table.ts";
import type { RcFile } from "./rc/rc_file.ts";
import { followsKnock, makesKeys } from "./settings/conflicts.ts";
import type { Loaded } from "./settings/load.ts";
import type { World } from "./ui/world.ts";

/** What a mode is given before any file is read. */
interface Start {
  readonly args: Arguments;
  readonly world: World;
  /** Runs other arguments, which are not remembered. The result is the exit code. */
  repeat(args: Arguments): Promise<number>;
}

/** What a mode is given once the rc file is open. */
interface Opened {
  readonly args: Arguments;
  readonly world: World;
  /** Null with `--no-rc-file`, or when there is none. */
  readonly rc: RcFile | null;
}

/** What a mode is given once the settings are loaded, for one server of several too. */
export interface Ready {
  readonly args: Arguments;
  readonly world: World;
  readonly loaded: Loaded;
}

/** The stages of a run, in their order. */
interface Stages {
  /** The options are read; they may hold mistakes. */
  options: Start;
  /** The options are right and go together. */
  start: Start;
  /** The rc file is open. */
  file: Opened;
  /** The settings are loaded. Whether a knock with them is possible was not looked at. */
  settings: Ready;
  /** Nothing stands against these settings. */
  checked: Ready;
  /** The arguments are remembered. What is left is the knock. */
  knock: Ready;
}

type Stage = keyof Stages;

/** One mode. */
interface Mode<Given> {
  /** Any of these asks for it. */
  readonly options: readonly ClientKey[];
  /** The exit code, or null: the run goes on. */
  act(given: Given): Promise<number | null>;
}

type Modes = { readonly [Name in Stage]: readonly Mode<Stages[Name]>[] };

const TABLE = {
  options: [
    { options: ["help"], act: async ({ args, world }) => (await import("./shell/help.ts")).showHelp(args, world) },
  ],
  start: [
    {
      options: ["completion"],
      act: async ({ args, world }) => (await import("./shell/completion.ts")).showCompletion(args, world),
    },
    {
      options: ["showLast"],
      act: async ({ args, world }) => (await import("./knock/repeat_run.ts")).showLastRun(args, world),
    },
    {
      options: ["lastCmd"],
      act: async ({ args, world, repeat }) =>
        await repeat((await import("./knock/repeat_run.ts")).lastArguments(args, world)),
    },
    {
      options: ["doctor"],
      act: async ({ args, world }) => (await import("./doctor/doctor.ts")).runDoctor(args, world),
    },
  ],
  file: [
    {
      options: ["stanzaList"],
      act: async ({ args, rc, world }) => (await import("./rc/stanza_commands.ts")).listStanzas(args, rc, world),
    },
    {
      options: ["import"],
      act: async ({ args, rc, world }) => (await import("./enrolment/import.ts")).importStanza(args, rc, world),
    },
  ],
  settings: [
    {
      options: ["explain"],
      act: async ({ args, loaded, world }) =>
        (await import("./shell/explain.ts")).explain(loaded, args.rest ?? [], world),
    },
    {
      options: ["sshConfig"],
      act: async ({ loaded, world }) => (await import("./shell/ssh_config.ts")).printSshConfig(loaded, world),
    },
    {
      options: ["qr", "forceQr"],
      // That of new keys is shown when they are made.
      act: async ({ loaded, world }) =>
        makesKeys(loaded.settings)
          ? null
          : await (await import("./enrolment/show.ts")).showEnrolment(loaded, null, world),
    },
  ],
  checked: [
    {
      options: ["keyGen", "keyGenFile"],
      act: async ({ loaded, world }) => await (await import("./keys/generate.ts")).generate(loaded, world),
    },
    {
      options: ["saveRcStanza"],
      // As in C the knock follows.
      act: async ({ loaded, world }) => {
        await (await import("./rc/stanza_commands.ts")).saveStanza(loaded, { keys: null, world });
        return null;
      },
    },
  ],
  knock: [
    { options: ["version"], act: async ({ world }) => (await import("./shell/help.ts")).showVersion(world) },
    {
      options: ["wait", "proxy", "fdpass", "thenCommand", "hold"],
      act: async ({ args, loaded: { settings }, world }) =>
        followsKnock(settings)
          ? await (await import("./after/follow_up.ts")).knockAndFollow(settings, { rest: args.rest ?? [], world })
          : null,
    },
  ],
} as const satisfies Modes;

const MODES: Modes = TABLE;

/** An option that asks for a mode. */
export type ModeOption = (typeof TABLE)[Stage][number]["options"][number];

/** Does what is asked for at this stage. The exit code, or null: the run goes on. */
export async function actAt<Name extends Stage>(stage: Name, given: Stages[Name] & Pick<Start, "args">) {
  for (const { options, act } of MODES[stage]) {
    const code = asks(given.args, options) ? await act(given) : null;
    if (code !== null) return code;
  }
  return null;
}

/**
 * Whether one of these options counts. As in C `--version` is a run up to the packet, which reads its files and writes them;
 * options that C does not have stay out of such a run.
 */
export function asks({ given }: Arguments, options: readonly ClientKey[]): boolean {
  const has = (key: string) => given.some((said) => said.key === key);
  return options.some((key) => has(key) && !(key in OWN_OPTIONS && has("version")));
}

/** Whether there are options that may not go together. What the C client has goes together as it does there. */
export function mayContradict(args: Arguments): boolean {
  return listedServers(args) !== null ||
    asks(args, ["json", "completion", ...Object.keys(OWN_OPTIONS) as ClientKey[]]);
}
