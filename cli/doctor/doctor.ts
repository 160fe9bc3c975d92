/** `--doctor [NAME]`: everything that can be looked at before a knock, one line each; nothing is sent to the server. */
import { stanzaNames } from "../../lib/settings/rc_file.ts";
import type { RijndaelMode } from "../../lib/crypto/engine.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import { showable } from "../../lib/showable.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import { formatAsked } from "../../lib/wire/message_text.ts";
import { withImpliedStanza } from "../settings/named_stanza.ts";
import { wantsHmac } from "../keys/collect.ts";
import { makePacket } from "../knock/knock.ts";
import { earlySettings, type Loaded, loadSettings, openRc, ProblemsError } from "../settings/load.ts";
import type { RcFile } from "../rc/rc_file.ts";
import { precheck } from "../knock/precheck.ts";
import { withRemedy } from "../remedies/problems.ts";
import { listedServers } from "../knock/server_list.ts";
import { serverRuns } from "../knock/servers.ts";
import { ClientError, type Told } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { examineAddress } from "./address.ts";
import { examineClock } from "./clock.ts";
import { examineFiles } from "./files.ts";
import { doubt, failure, type Finding, fine, formatFinding } from "../../lib/finding.ts";
import { examineKeys } from "./keys.ts";
import { examinePath } from "./path.ts";

/** What was found for one server of several, or for the only one. */
interface Examined {
  /** Null where -D lists none. */
  readonly server: string | null;
  readonly findings: readonly Finding[];
}

/** Prints the findings. The result is the exit code: 1 when a knock would fail. */
export async function runDoctor(args: Arguments, world: World): Promise<number> {
  const examined = await examineAll(args, world);
  if (args.given.some(({ key }) => key === "json")) world.json(forProgram(examined));
  else world.out(examined.map(formatExamined).join("\n"));
  return examined.some(({ findings }) => findings.some(({ level }) => level === "fail")) ? 1 : 0;
}

function forProgram(examined: readonly Examined[]): Readonly<Record<string, unknown>> {
  const [first] = examined;
  return first === undefined || first.server !== null ? { servers: examined } : { findings: first.findings };
}

function formatExamined({ server, findings }: Examined): string {
  return [...(server === null ? [] : [`== ${server} ==`]), ...findings.map(formatFinding)].join("\n");
}

/** Examines one server after the other, so that their lines do not mix. Warnings become findings. */
async function examineAll(args: Arguments, world: World): Promise<readonly Examined[]> {
  const opened = openFile(args, world);
  const listed = listedServers(args);
  if (listed === null || !opened.ok) return [{ server: null, findings: await examine(args, opened, world) }];
  const examined: Examined[] = [];
  for (const run of serverRuns(args, opened.rc)) {
    examined.push({ server: run.name, findings: await examine(run.args, opened, world) });
  }
  return examined;
}

/** The rc file, and what was said about it. */
interface Opened {
  readonly ok: boolean;
  readonly rc: RcFile | null;
  readonly findings: readonly Finding[];
}

function openFile(args: Arguments, world: World): Opened {
  const listening = listen(world);
  try {
    const rc = openRc(earlySettings(args), listening.world);
    return {
      ok: true,
      rc,
      findings: rc === null
        ? listening.findings("permissions", "name a file of your own, mode 0600, with --rc-file")
        : [],
    };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { ok: false, rc: null, findings: [failure("settings", error.message, error.hint)] };
  }
}

/** A world whose warnings become findings. */
function listen(world: World): { readonly world: World; findings(what: string, remedy: string): readonly Finding[] } {
  const heard: Told[] = [];
  return {
    world: { ...world, tell: (told) => heard.push(told) },
    findings: (what, remedy) => heard.map(({ message }) => doubt(what, showable(message), remedy)),
  };
}

/** All findings for one server. Without a server only those about this machine. */
async function examine(args: Arguments, opened: Opened, world: World): Promise<readonly Finding[]> {
  if (!opened.ok) return [...opened.findings, ...examineClock(null, world)];
  const listening = listen(world);
  const loaded = load(args, opened.rc, listening.world);
  if (!("settings" in loaded)) return [...opened.findings, ...loaded, ...examineClock(null, world)];
  const { settings } = loaded;
  const findings = [
    ...opened.findings,
    ...listening.findings("settings", "mend the line, or leave out one of the options"),
    ...examineFiles(loaded),
  ];
  if (settings.server === undefined) {
    const names = opened.rc === null ? [] : stanzaNames(opened.rc.file);
    const remedy = `name a stanza: fwknop --doctor NAME${names.length === 0 ? "" : ` (${names.join(", ")})`}`;
    return [
      ...findings,
      doubt("settings", "no server is named, so only this machine was looked at", remedy),
      ...examineClock(null, world),
    ];
  }
  const [asking, keyed] = [listen(world), listen(world)];
  const asked = await examineAddress(settings, asking.world);
  const { finding, plaintext } = await examineSettings(loaded, args.rest ?? [], world);
  return [
    ...findings,
    finding,
    ...(settings.useGpg ? await (await import("./gpg.ts")).examineGpg(settings, plaintext, world) : []),
    ...await examineKeys(loaded, keyed.world),
    ...keyed.findings("keys", "make a key that fits, with fwknop --key-gen"),
    ...asking.findings("address", "use an address or a service that needs no warning"),
    ...asked.findings,
    ...examineClock(asked.date, world, settings.timeOffset),
    ...await examinePath(settings),
  ];
}

/** Loads the settings. Mistakes in arguments and stanzas become findings. */
function load(args: Arguments, rc: RcFile | null, world: World): Loaded | readonly Finding[] {
  try {
    return loadSettings(withImpliedStanza(args, rc), rc, world);
  } catch (error) {
    if (error instanceof ProblemsError) {
      const problems = error.problems.map(withRemedy);
      return problems.map(({ hint, ...problem }) => failure("settings", formatProblem(problem), hint));
    }
    if (error instanceof ClientError) return [failure("settings", error.message, error.hint)];
    throw error;
  }
}

/** Of a length that every server takes: which one it will be, and whether the keys are there, is examined separately. */
const STAND_IN = { encrypt: () => Promise.resolve(new Uint8Array(600)) };

/** What is found about the settings, and bytes of the message of such a packet where one can be built. */
interface SettingsFound {
  readonly finding: Finding;
  readonly plaintext: number | null;
}

/** Whether a packet can be built. A key of zeros stands in for the real one, which is examined separately. */
async function examineSettings(loaded: Loaded, rest: readonly string[], world: World): Promise<SettingsFound> {
  const { settings } = loaded;
  try {
    const request = precheck(loaded, rest, world);
    const mode = settings.encryptionMode as RijndaelMode;
    const hmac = wantsHmac(settings) ? { name: settings.hmacDigestType, key: new Uint8Array(32) } : null;
    const key = new Uint8Array(mode === "legacy" ? 16 : 32);
    const secrets = {
      cipher: settings.useGpg ? { kind: "gpg" } as const : { kind: "rijndael", key, mode } as const,
      hmac,
    };
    const listening = listen(world);
    const packet = await makePacket(settings, {
      ...{ request, secrets, world: listening.world },
      gpg: settings.useGpg ? STAND_IN : undefined,
    });
    const plaintext = packet.encoded.length + 1 + packet.digest.length;
    const [warning] = listening.findings("settings", "use a shorter name, command or list of ports");
    if (warning !== undefined) return { finding: warning, plaintext };
    const what = request.kind === "access" ? formatAsked(request) : "a command";
    return { finding: fine("settings", `they ask ${settings.server} for ${what}`), plaintext };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { finding: failure("settings", error.message, error.hint), plaintext: null };
  }
}
