/** What a run is asked for besides a plain knock. Loaded only when one of those options (`options/beyond.ts`) is given. */
import type { Arguments } from "../lib/spec/argv.ts";
import { withImpliedStanza } from "./implied_stanza.ts";
import { type Loaded, loadSettings } from "./load.ts";
import type { RcFile } from "./rc_file.ts";
import { makesKeys } from "./validate.ts";
import type { World } from "./world.ts";

/** The world for this run: where standard output belongs to ssh or a command, what would be said there is an error's. */
export function worldFor(args: Arguments, world: World): World {
  const asked = (key: string) => args.given.some((said) => said.key === key);
  if (asked("proxy") || asked("thenCommand")) return { ...world, out: world.err };
  // The doctor's findings say all that warnings would.
  return asked("doctor") ? { ...world, err: () => {} } : world;
}

/** Loads as `load.ts` does, with the stanza that another option names, and for ssh with what host and port say. */
export async function loadForErrand(args: Arguments, rc: RcFile | null, world: World): Promise<Loaded> {
  const named = withImpliedStanza(args, rc);
  if (namesNewDevice(named, rc)) return loadForNewDevice(named, rc, world);
  const loaded = loadSettings(named, rc, world);
  if (!loaded.settings.proxy) return loaded;
  const { completeForGoal, readGoal } = await import("./door/proxy.ts");
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

/** What needs no settings of a knock: importing a stanza, and looking for what is wrong with them. Null: neither is asked. */
export async function beforeSettings(args: Arguments, rc: RcFile | null, world: World): Promise<number | null> {
  const asked = (key: string) => args.given.some((said) => said.key === key);
  if (asked("import")) return await (await import("./enrolment/import.ts")).importStanza(args, rc, world);
  if (asked("doctor")) return await (await import("./doctor/doctor.ts")).runDoctor(args, rc, world);
  return null;
}

/** What is only shown, instead of a knock. Null: nothing of that kind is asked. */
export async function insteadOfKnock(loaded: Loaded, world: World): Promise<number | null> {
  const { settings } = loaded;
  if (settings.explain) return (await import("./explain.ts")).explain(loaded, world);
  if (settings.sshConfig !== undefined) return (await import("./ssh_config.ts")).printSshConfig(loaded, world);
  if (!settings.qr || makesKeys(settings)) return null;
  return await (await import("./enrolment/show.ts")).showEnrolment(loaded, null, world);
}
