/** `--import`: a URI of `--qr` becomes a stanza of the rc file. */
import { openInherited } from "../../ffi/libc/descriptor.ts";
import type { Arguments } from "../../lib/spec/argv.ts";
import { resolveSettings } from "../../lib/spec/resolve.ts";
import { completeSettings } from "../effective.ts";
import { ProblemsError } from "../load.ts";
import { CLIENT_SETTINGS } from "../options.ts";
import { type RcFile, stanzaNames } from "../rc_file.ts";
import { checkKnock } from "../refusal.ts";
import { linesToSave, replaceStanza, type SavedLine } from "../rc_save.ts";
import { updateRcFile } from "../rc_update.ts";
import { ClientError, tellWarning } from "../tui.ts";
import type { World } from "../world.ts";
import { type Enrolment, givenOf, isUsableName, parseEnrolment } from "./uri.ts";

/** Bytes of a line that is read; a URI is shorter. */
const MAX_LINE = 8192;
const STDIN = 0;

/**
 * Reads the URI and stores the stanza. The result is the exit code. Throws {@link ClientError}, and
 * {@link ProblemsError} for values that the table of options refuses.
 *
 * @tags allow-ffi, allow-write
 */
export async function importStanza(args: Arguments, rc: RcFile | null, world: World): Promise<number> {
  const { settings } = readOptions(args);
  const uri = await readUri(settings.import ?? "", world);
  const parsed = parseEnrolment(uri);
  if (!parsed.ok) throw new ClientError(`Cannot import the URI: ${parsed.fault}`, "make it with: fwknop -n NAME --qr");
  const name = settings.namedConfig ?? parsed.value.name;
  if (!isUsableName(name)) throw new ClientError(`[${name}] cannot be imported to`, "choose another name with -n");
  if (rc === null) throw new ClientError("there is no rc file to save to", "name one with --rc-file");
  const lines = await stanzaLines(parsed.value, world);
  await updateRcFile(rc, (file) => {
    if (!settings.forceStanza) checkNotTaken(name, { ...rc, file });
    return replaceStanza(file, name, lines, null);
  });
  world.out(`[+] Stored stanza [${name}] in ${rc.path}`);
  return 0;
}

function checkNotTaken(name: string, { file, path }: RcFile): void {
  if (!stanzaNames(file).some((other) => other.toLowerCase() === name.toLowerCase())) return;
  throw new ClientError(`stanza [${name}] is in ${path} already`, "choose another name with -n, or add --force-stanza");
}

function readOptions(args: Arguments) {
  const { values, problems } = resolveSettings(CLIENT_SETTINGS, args.given);
  if (problems.length > 0) throw new ProblemsError(problems);
  return { settings: values };
}

/** The argument, or for `-` the first line of standard input that is not empty. */
async function readUri(argument: string, world: World): Promise<string> {
  if (/^fwknop:/i.test(argument)) {
    tellWarning(world, "every user of this machine can see the keys in an argument: rather pipe the URI to --import -");
    return argument;
  }
  if (argument !== "-") throw new ClientError("--import needs - or a URI that begins with fwknop:", "write --import -");
  using input = openInherited(STDIN);
  for (let line = await input.readLine(MAX_LINE); line !== null; line = await input.readLine(MAX_LINE)) {
    const text = new TextDecoder().decode(line).trim();
    if (text !== "") return text;
  }
  throw new ClientError("standard input holds no URI", "pipe the line that fwknop --qr printed last");
}

/**
 * The lines of the stanza, every value read by the table first, and all of them together as a knock would. Throws
 * {@link ClientError}, and {@link ProblemsError} for values that the table refuses.
 */
export async function stanzaLines(enrolment: Enrolment, world: World): Promise<readonly SavedLine[]> {
  const given = givenOf(enrolment);
  const { values, problems, origins } = resolveSettings(CLIENT_SETTINGS, given);
  if (problems.length > 0) throw new ProblemsError(problems);
  if (values.server === undefined) throw new ClientError("Cannot import the URI: it names no server");
  if (values.server.includes(",")) throw new ClientError("Cannot import the URI: it names more than one server");
  if (values.keyBase64 === undefined) throw new ClientError("Cannot import the URI: it holds no encryption key");
  if (values.keyBase64 === values.hmacKeyBase64) {
    throw new ClientError(
      "Cannot import the URI: encryption key and HMAC key are identical",
      "make a new pair of keys",
    );
  }
  const settings = completeSettings(values, given);
  // What [default] or the command line may add later is no mistake here.
  const { access = "tcp/1", allowIp = { kind: "source" } as const } = settings;
  await checkKnock({ settings: { ...settings, access, allowIp }, origins, given, words: [], rc: null }, [], world);
  // ALLOW_IP resolve and source are kept as words; what completeSettings makes of them is for knocks.
  return linesToSave(given, { ...settings, allowIp: values.allowIp });
}
