/** `--stanza-list` and `--save-rc-stanza` (facts/client 4). */
import type { Arguments } from "../../lib/settings/argv.ts";
import { parseStanzaFile, type StanzaEntry } from "../../lib/settings/rc_file.ts";
import type { GeneratedKeys } from "../../lib/crypto/key_generation.ts";
import { type Loaded, ProblemsError } from "../settings/load.ts";
import { type ClientSettings, KEY_OF_DIRECTIVE, settingOf } from "../options/table.ts";
import type { RcFile } from "./rc_file.ts";
import { inOrder, isStanzaName, linesToSave, replaceStanza, type SavedLine } from "./rc_save.ts";
import { updateRcFile } from "./rc_update.ts";
import { ClientError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** Prints the names of all stanzas. The result is the exit code. */
export function listStanzas({ given }: Arguments, rc: RcFile | null, world: World): number {
  if (rc === null) throw new ClientError("Unable to open rc file: there is none to list", "name one with --rc-file");
  // The default one too: -n takes it like any other.
  const stanzas = rc.file.stanzas.map((stanza) => stanza.name);
  if (given.some(({ key }) => key === "json")) {
    world.json({ file: rc.path, stanzas });
    return 0;
  }
  world.out(`The following stanzas are configured in ${rc.path} :`);
  for (const name of stanzas) world.out(` - ${name}`);
  return 0;
}

/** Refuses a run that would save and has no name to save under. */
export function checkStanzaName(settings: ClientSettings): void {
  const name = stanzaName(settings);
  if (name === undefined) {
    throw new ClientError("Must use --destination or --named-config with --save-rc-stanza", "name it with -n NAME");
  }
  if (!isStanzaName(name)) throw new ClientError(`[${name}] cannot be the name of a stanza`, "choose one without ]");
}

/** Which of the new keys stand in the stanza afterwards: an answer may have kept an old one. */
export interface SavedKeys {
  readonly encryption: boolean;
  readonly hmac: boolean;
}

/** Saves what the command line said, and new keys, as a stanza. Says which keys were saved; null where none were made. */
export async function saveStanza(
  loaded: Loaded,
  parts: { readonly keys: GeneratedKeys | null; readonly world: World },
): Promise<SavedKeys | null> {
  const { settings, given, rc, unread } = loaded;
  const { keys, world } = parts;
  // What cannot be read would not be saved.
  if (unread.length > 0) throw new ProblemsError(unread);
  if (rc === null) throw new ClientError("Cannot save the stanza: there is no rc file", "name one with --rc-file");
  const name = stanzaName(settings) ?? "";
  const lines = withKeys(linesToSave(given, settings), keys);
  const answers = new Map<string, boolean>();
  const ask = (directive: string) => {
    const answer = answers.get(directive) ?? askToOverwrite(directive, name, world);
    answers.set(directive, answer);
    return answer;
  };
  const text = await updateRcFile(
    rc,
    (file) => replaceStanza(file, { name, lines }, settings.forceStanza ? null : ask),
  );
  if (settings.verbose > 0) tellUpdates(text, { name, lines, world });
  if (keys === null) return null;
  const values = entriesOf(text, name).map(({ value }) => value);
  const saved = { encryption: values.includes(keys.keyBase64), hmac: values.includes(keys.hmacKeyBase64) };
  if (!saved.encryption || !saved.hmac) warnOfKeptKeys(saved, name, world);
  return saved;
}

/** What the file holds now of what was to be saved. Keys are named without their values. */
function tellUpdates(
  text: string,
  parts: { readonly name: string; readonly lines: readonly SavedLine[]; readonly world: World },
): void {
  const { name, lines, world } = parts;
  const entries = entriesOf(text, name);
  for (const { directive, value } of lines) {
    if (!entries.some((entry) => entry.name === directive && entry.value === value)) continue;
    const key = KEY_OF_DIRECTIVE.get(directive);
    const secret = key !== undefined && settingOf(key).secret === true;
    world.out(`[+] Updating param ${directive} to ${secret ? "a new value" : value}`);
  }
}

/** All lines of the stanzas of this name. */
function entriesOf(text: string, name: string): readonly StanzaEntry[] {
  return parseStanzaFile(text, "").stanzas.filter((stanza) => stanza.name.toLowerCase() === name.toLowerCase())
    .flatMap(({ entries }) => entries);
}

function stanzaName(settings: ClientSettings): string | undefined {
  return settings.namedConfig ?? settings.server;
}

function withKeys(lines: readonly SavedLine[], keys: GeneratedKeys | null): readonly SavedLine[] {
  if (keys === null) return lines;
  const others = lines.filter(({ directive }) => !["KEY_BASE64", "HMAC_KEY_BASE64"].includes(directive));
  return inOrder([
    ...others,
    { directive: "KEY_BASE64", value: keys.keyBase64 },
    { directive: "HMAC_KEY_BASE64", value: keys.hmacKeyBase64 },
  ]);
}

/** Only a word that begins with y says yes; the end of the input says no. */
function askToOverwrite(directive: string, name: string, world: World): boolean {
  world.out(`${directive} is already in stanza [${name}]. Overwrite [N/y] ? `);
  return /^y/i.test(world.readAnswer());
}

/** New keys that the user's answer kept out of the file would be lost without a word. */
function warnOfKeptKeys({ encryption, hmac }: SavedKeys, name: string, world: World): void {
  const kept = encryption ? "HMAC key" : hmac ? "encryption key" : "keys";
  const which = encryption || hmac ? "the new ones are not both saved" : "the new ones are not saved";
  tellWarning(world, `stanza [${name}] keeps an old key, so ${which}: it has its old ${kept}`);
}
