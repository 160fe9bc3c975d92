/** `--import`: a URI of `--qr`, or the keys that another tool put into a QR code, become a stanza of the rc file. */
import { stanzaNames } from "../../lib/settings/rc_file.ts";
import { openInherited } from "../../ffi/libc/descriptor.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import { resolveSettings } from "../../lib/settings/resolve.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { completeSettings } from "../settings/implied.ts";
import { ProblemsError } from "../settings/load.ts";
import { accessOf } from "../options/access_kind.ts";
import { CLIENT_SETTINGS } from "../options/table.ts";
import type { RcFile } from "../rc/rc_file.ts";
import { precheck } from "../knock/precheck.ts";
import { linesToSave, replaceStanza, type SavedLine } from "../rc/rc_save.ts";
import { updateRcFile } from "../rc/rc_update.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { FIELDS } from "./fields.ts";
import { isKeyText, isWhole, parseKeyText } from "./key_text.ts";
import { givenOf, isUsableName, parseEnrolment } from "./uri.ts";

/** The most bytes of a line that is read; a URI is shorter. */
const MAX_LINE = 8192;
const STDIN = 0;

/** What is to be stored, and where it came from. */
interface Incoming {
  /** `URI` or `text`, for messages. */
  readonly what: string;
  readonly given: readonly Given[];
  readonly name: string | undefined;
}

/**
 * Reads the URI, or the text of keys that other tools make, and stores the stanza. The result is the exit code. Throws
 * {@link ClientError}, and {@link ProblemsError} for values that the table of options refuses.
 *
 * @tags allow-ffi, allow-write
 */
export async function importStanza(args: Arguments, rc: RcFile | null, world: World): Promise<number> {
  const { settings } = readOptions(args);
  const text = await readText(settings.import ?? "", world);
  const incoming = isKeyText(text) ? ofKeyText(text, args) : ofUri(text);
  const name = settings.namedConfig ?? incoming.name;
  if (name === undefined) {
    throw new ClientError("Cannot import the text: it says nothing of a name or a server", "name the stanza with -n");
  }
  if (!isUsableName(name)) throw new ClientError(`[${name}] cannot be imported to`, "choose another name with -n");
  if (rc === null) throw new ClientError("Cannot save the stanza: there is no rc file", "name one with --rc-file");
  const lines = stanzaLines(incoming, world);
  await updateRcFile(rc, (file) => {
    if (!settings.forceStanza) checkNotTaken(name, { ...rc, file });
    return replaceStanza(file, { name, lines }, null);
  });
  if (!lines.some(({ directive }) => directive === "SPA_SERVER")) {
    tellWarning(world, `the text names no server: knock with -n ${name} -D HOST, or add SPA_SERVER to the stanza`);
  }
  world.out(`[+] Stored stanza [${name}] in ${rc.path}`);
  return 0;
}

function ofUri(text: string): Incoming {
  const parsed = parseEnrolment(text);
  if (!parsed.ok) throw new ClientError(`Cannot import the URI: ${parsed.fault}`, "make it with: fwknop -n NAME --qr");
  return { what: "URI", given: givenOf(parsed.value), name: parsed.value.name };
}

/** Such a text holds little more than keys; options give the rest. */
function ofKeyText(text: string, args: Arguments): Incoming {
  const parsed = parseKeyText(text);
  if (!parsed.ok) {
    throw new ClientError(`Cannot import the text: ${parsed.fault}`, "write KEY_BASE64:… HMAC_KEY_BASE64:…");
  }
  const options = args.given.flatMap((said) => {
    if (FIELDS.some(([, key]) => key === said.key)) return [said];
    const allow = { sourceIp: "source", resolveIp: "resolve" }[said.key];
    return allow === undefined ? [] : [{ ...said, key: "allowIp", text: allow }];
  });
  const others = parsed.value.filter(({ key }) => !options.some((option) => option.key === key));
  const given = [...others, ...options];
  return { what: "text", given, name: given.find(({ key }) => key === "server")?.text ?? undefined };
}

function checkNotTaken(name: string, { file, path }: RcFile): void {
  if (!stanzaNames(file).some((other) => other.toLowerCase() === name.toLowerCase())) return;
  throw new ClientError(
    `Cannot import to [${name}]: the stanza is in ${path} already`,
    "choose another name with -n, or add --force-stanza",
  );
}

function readOptions(args: Arguments) {
  const { values, problems } = resolveSettings(CLIENT_SETTINGS, args.given);
  if (problems.length > 0) throw new ProblemsError(problems);
  return { settings: values };
}

/** The argument, or for `-` what stands on standard input: a URI is its first line, a text of keys may have several. */
async function readText(argument: string, world: World): Promise<string> {
  if (/^fwknop:/i.test(argument) || isKeyText(argument) && /\s|[:=]/.test(argument)) {
    tellWarning(world, "every user of this machine can see the keys in an argument: rather pipe it to --import -");
    return argument;
  }
  if (argument !== "-") {
    throw new ClientError(
      "--import needs -, a URI that begins with fwknop:, or a text that begins with KEY_BASE64:",
      "write --import -",
    );
  }
  using input = openInherited(STDIN);
  let text = "";
  for (let line = await input.readLine(MAX_LINE); line !== null; line = await input.readLine(MAX_LINE)) {
    const written = new TextDecoder().decode(line).trim();
    text = `${text} ${written}`.trim();
    if (text.length > MAX_LINE || text !== "" && (written === "" || !isKeyText(text) || isWhole(text))) break;
  }
  if (text !== "") return text;
  throw new ClientError(
    "Cannot import from standard input: it holds no URI",
    "pipe the line that fwknop --qr printed last",
  );
}

/** Stands for services that nobody named. */
const SOME_ACCESS = accessOf([{ proto: "tcp", port: 1 }]);

/**
 * The lines of the stanza, every value read by the table first, and all of them together as a knock would. Throws
 * {@link ClientError}, and {@link ProblemsError} for values that the table refuses.
 */
export function stanzaLines(incoming: Omit<Incoming, "name">, world: World): readonly SavedLine[] {
  const { what, given } = incoming;
  const { values, problems, origins } = resolveSettings(CLIENT_SETTINGS, given);
  if (problems.length > 0) throw new ProblemsError(problems);
  if (values.server === undefined && what === "URI") throw new ClientError("Cannot import the URI: it names no server");
  if (values.server?.includes(",")) throw new ClientError(`Cannot import the ${what}: it names more than one server`);
  if (values.keyBase64 === undefined) throw new ClientError(`Cannot import the ${what}: it holds no encryption key`);
  if (values.keyBase64 === values.hmacKeyBase64) {
    throw new ClientError(
      `Cannot import the ${what}: encryption key and HMAC key are identical`,
      "make a new pair of keys",
    );
  }
  const settings = completeSettings(values, given);
  // What [default] or the command line may add later is no mistake here.
  const { access = SOME_ACCESS, allowIp = { kind: "source" } as const, server = "192.0.2.1" } = settings;
  const checked = { ...settings, access, allowIp, server };
  precheck({ settings: checked, origins, unread: [], given, words: [], rc: null }, [], world);
  // ALLOW_IP resolve and source are kept as words; what completeSettings makes of them is for knocks.
  return linesToSave(given, { ...settings, allowIp: values.allowIp });
}
