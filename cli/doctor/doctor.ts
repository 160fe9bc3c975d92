/** `--doctor [NAME]`: everything that can be looked at before a knock, one line each; nothing is sent to the server. */
import type { Arguments } from "../../lib/spec/argv.ts";
import { formatProblem } from "../../lib/spec/setting.ts";
import { withImpliedStanza } from "../implied_stanza.ts";
import { type Loaded, loadSettings, ProblemsError } from "../load.ts";
import { type RcFile, stanzaNames } from "../rc_file.ts";
import { buildRequest } from "../request.ts";
import { ClientError } from "../tui.ts";
import { findConflict } from "../validate.ts";
import type { World } from "../world.ts";
import { examineAddress } from "./address.ts";
import { examineClock } from "./clock.ts";
import { examineFiles } from "./files.ts";
import { doubt, failure, type Finding, fine, formatFinding } from "./finding.ts";
import { examineKeys } from "./keys.ts";
import { examineRoad } from "./road.ts";

/** Prints the findings. The result is the exit code: 1 when a knock would fail. */
export async function runDoctor(args: Arguments, rc: RcFile | null, world: World): Promise<number> {
  const findings = await examine(args, rc, world);
  if (args.given.some(({ key }) => key === "json")) world.json({ findings });
  else for (const finding of findings) world.out(formatFinding(finding));
  return findings.some(({ level }) => level === "fail") ? 1 : 0;
}

/** All findings. Without a server only those about this machine. */
export async function examine(args: Arguments, rc: RcFile | null, world: World): Promise<readonly Finding[]> {
  const loaded = load(args, rc, world);
  if (!("settings" in loaded)) return [...loaded, ...examineClock(null, world)];
  const { settings } = loaded;
  const findings = [...examineFiles(loaded)];
  if (settings.server === undefined) {
    const names = rc === null ? [] : stanzaNames(rc.file);
    const remedy = `name a stanza: fwknop --doctor NAME${names.length === 0 ? "" : ` (${names.join(", ")})`}`;
    return [
      ...findings,
      doubt("settings", "no server is named, so only this machine was looked at", remedy),
      ...examineClock(null, world),
    ];
  }
  const asked = await examineAddress(settings, world);
  return [
    ...findings,
    examineSettings(loaded),
    ...await examineKeys(loaded, world),
    ...asked.findings,
    ...examineClock(asked.date, world, settings.timeOffset),
    ...await examineRoad(settings),
  ];
}

/** Mistakes of arguments and stanza are findings too. */
function load(args: Arguments, rc: RcFile | null, world: World): Loaded | readonly Finding[] {
  try {
    return loadSettings(withImpliedStanza(args, rc), rc, world);
  } catch (error) {
    if (error instanceof ProblemsError) {
      return error.problems.map(({ hint, ...problem }) => failure("settings", formatProblem(problem), hint));
    }
    if (error instanceof ClientError) return [failure("settings", error.message, error.hint)];
    throw error;
  }
}

function examineSettings({ settings }: Loaded): Finding {
  const conflict = findConflict(settings);
  if (conflict !== null) return failure("settings", conflict.message, conflict.hint);
  const request = buildRequest(settings, { allow: "192.0.2.1", randomNatPort: settings.natRandPort ? 10_000 : null });
  if (!request.ok) return failure("settings", request.fault.message, request.fault.hint);
  const what = settings.serverCmd === undefined ? request.value.message.replace(/^[^,]*,/, "") : "a command";
  return fine("settings", `they ask ${settings.server} for ${what}`);
}
