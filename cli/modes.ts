/** What a run is asked for besides a plain knock. Loaded only when one of those options (`options/own.ts`) is given. */
import type { Arguments } from "../lib/settings/argv.ts";
import { withImpliedStanza } from "./settings/named_stanza.ts";
import { type Loaded, loadSettings } from "./settings/load.ts";
import type { RcFile } from "./rc/rc_file.ts";
import { makesKeys } from "./settings/conflicts.ts";
import type { World } from "./ui/world.ts";

/** The world for this run: where standard output belongs to ssh or a command, what would be said there is an error's. */
export function worldFor({ given }: Arguments, world: World): World {
  return given.some(({ key }) => key === "proxy" || key === "thenCommand") ? { ...world, out: world.err } : world;
}

/** What opens its files by itself: looking for what is wrong with them. Null: that is not asked. */
export async function beforeFiles(args: Arguments, world: World): Promise<number | null> {
  return args.given.some(({ key }) => key === "doctor")
    ? await (await import("./doctor/doctor.ts")).runDoctor(args, world)
    : null;
}

/** Loads as `load.ts` does, with the stanza that another option names, and for ssh with what host and port say. */
export async function loadForErrand(args: Arguments, rc: RcFile | null, world: World): Promise<Loaded> {
  const named = withImpliedStanza(args, rc);
  if (namesNewDevice(named, rc)) return loadForNewDevice(named, rc, world);
  const loaded = loadSettings(named, rc, world);
  if (!loaded.settings.proxy) return loaded;
  const { completeForGoal, readGoal } = await import("./after/proxy_command.ts");
  return { ...loaded, settings: completeForGoal(loaded.settings, readGoal(args.rest ?? [])) };
}

/** `--key-gen --qr -n NAME`: the name is for the other device, and need not be a stanza here. */
function namesNewDevice(args: Arguments, rc: RcFile | null): boolean {
  const asked = (...keys: readonly string[]) => args.given.some(({ key }) => keys.includes(key));
  const name = args.given.findLast(({ key }) => key === "namedConfig")?.text?.toLowerCase();
  return asked("qr") && asked("keyGen", "keyGenFile") && name !== undefined &&
    !rc?.file.stanzas.some((stanza) => stanza.name.toLowerCase() === name);
}

function loadForNewDevice(args: Arguments, rc: RcFile | null, world: World): Loaded {
  const name = args.given.findLast(({ key }) => key === "namedConfig")?.text ?? undefined;
  const loaded = loadSettings({ ...args, given: args.given.filter(({ key }) => key !== "namedConfig") }, rc, world);
  return { ...loaded, settings: { ...loaded.settings, namedConfig: name } };
}

/** What needs no settings of a knock: importing a stanza. Null: that is not asked. */
export async function beforeSettings(args: Arguments, rc: RcFile | null, world: World): Promise<number | null> {
  return args.given.some(({ key }) => key === "import")
    ? await (await import("./enrolment/import.ts")).importStanza(args, rc, world)
    : null;
}

/** What is only shown, instead of a knock. Null: nothing of that kind is asked. */
export async function insteadOfKnock(loaded: Loaded, args: Arguments, world: World): Promise<number | null> {
  const { settings } = loaded;
  if (settings.explain) return await (await import("./shell/explain.ts")).explain(loaded, args.rest ?? [], world);
  if (settings.sshConfig !== undefined) return (await import("./shell/ssh_config.ts")).printSshConfig(loaded, world);
  if (!settings.qr || makesKeys(settings)) return null;
  return await (await import("./enrolment/show.ts")).showEnrolment(loaded, null, world);
}
