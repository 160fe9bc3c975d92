/** Settings of runs in which an option other than -n names the stanza, or -n names no stanza of this machine. */
import type { Arguments } from "../../lib/settings/argv.ts";
import { completeForGoal, readGoal } from "../after/proxy_command.ts";
import type { RcFile } from "../rc/rc_file.ts";
import type { World } from "../ui/world.ts";
import { type Loaded, loadSettings } from "./load.ts";
import { withImpliedStanza } from "./named_stanza.ts";

/** Loads as {@link loadSettings} does, for `--ssh-config NAME`, `--proxy HOST PORT` and `--key-gen --qr -n NAME`. */
export function loadNamed(args: Arguments, rc: RcFile | null, world: World): Loaded {
  const named = withImpliedStanza(args, rc);
  if (namesNewDevice(named, rc)) return loadForNewDevice(named, rc, world);
  const loaded = loadSettings(named, rc, world);
  if (!loaded.settings.proxy) return loaded;
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
