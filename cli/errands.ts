/** What a run is asked for besides a plain knock. Loaded only when one of those options (`options/beyond.ts`) is given. */
import type { Arguments } from "../lib/spec/argv.ts";
import { withImpliedStanza } from "./implied_stanza.ts";
import { type Loaded, loadSettings } from "./load.ts";
import type { RcFile } from "./rc_file.ts";
import type { World } from "./world.ts";

/** For a run whose standard output belongs to ssh or to a command: what would be said there goes to standard error. */
export function worldFor(args: Arguments, world: World): World {
  const theirs = args.given.some(({ key }) => key === "proxy" || key === "thenCommand");
  return theirs ? { ...world, out: world.err } : world;
}

/** Loads as `load.ts` does, with the stanza that another option names, and for ssh with what host and port say. */
export async function loadForErrand(args: Arguments, rc: RcFile | null, world: World): Promise<Loaded> {
  const loaded = loadSettings(withImpliedStanza(args, rc), rc, world);
  if (!loaded.settings.proxy) return loaded;
  const { completeForGoal, readGoal } = await import("./door/proxy.ts");
  return { ...loaded, settings: completeForGoal(loaded.settings, readGoal(args.rest ?? [])) };
}
