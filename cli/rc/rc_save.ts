/**
 * `--save-rc-stanza`: one stanza of the file replaced, every other line left as it is (facts/client 4, mended:
 * COMPATIBILITY F15). Pure but for the questions, which are a parameter.
 */
import { formatProblem, type Given } from "../../lib/settings/setting.ts";
import type { FileStanza, StanzaEntry, StanzaFile } from "../../lib/settings/rc_file.ts";
import { type ClientKey, type ClientSettings, KEY_OF_DIRECTIVE, settingOf } from "../options/table.ts";
import { KEY_SOURCES } from "../settings/precedence.ts";
import { ClientError } from "../ui/tui.ts";

/** One line to write. */
export interface SavedLine {
  readonly directive: string;
  readonly value: string;
}

/** The order in which the C client writes directives. */
const ORDER: readonly string[] = [
  ...["DIGEST_TYPE", "SPA_SERVER_PROTO", "SPA_SERVER_PORT", "SPA_SOURCE_PORT", "FW_TIMEOUT", "ALLOW_IP"],
  ...["TIME_OFFSET", "ENCRYPTION_MODE", "USE_GPG", "USE_GPG_AGENT", "GPG_RECIPIENT", "GPG_SIGNER", "GPG_HOMEDIR"],
  ...["GPG_EXE", "GPG_NO_SIGNING_PW", "SPOOF_USER", "SPOOF_SOURCE_IP", "ACCESS", "SPA_SERVER", "RAND_PORT", "KEY"],
  ...["KEY_BASE64", "HMAC_DIGEST_TYPE", "HMAC_KEY_BASE64", "HMAC_KEY", "USE_HMAC", "USE_WGET_USER_AGENT", "KEY_FILE"],
  ...["HMAC_KEY_FILE", "NAT_ACCESS", "HTTP_USER_AGENT", "RESOLVE_URL", "SERVER_RESOLVE_IPV4", "NAT_LOCAL"],
  ...["NAT_RAND_PORT", "NAT_PORT", "VERBOSE", "RESOLVE_IP_HTTPS", "RESOLVE_HTTP_ONLY", "WGET_CMD", "NO_SAVE_ARGS"],
];

/** Directives that are not replaced without asking: those of the C client, and programs that give keys. */
const CRITICAL: ReadonlySet<string> = new Set([
  ...["KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64", "GPG_RECIPIENT", "GPG_SIGNER"],
  ...["GPG_SIGNING_PW", "GPG_SIGNING_PW_BASE64", "KEY_CMD", "HMAC_KEY_CMD"],
]);

const NAME_WIDTH = 24;
const GAP = " ".repeat(4);

/** Options that say something by being there: saved as these directives besides their own. */
const IMPLIED: Readonly<Partial<Record<ClientKey, readonly ClientKey[]>>> = {
  timeOffsetPlus: ["timeOffset"],
  timeOffsetMinus: ["timeOffset"],
  sourceIp: ["allowIp"],
  resolveHttpOnly: ["resolveIp"],
  hmacKey: ["useHmac"],
  hmacKeyBase64: ["useHmac"],
  hmacKeyFile: ["useHmac"],
  hmacDigestType: ["useHmac"],
  hmacKeyLen: ["useHmac"],
  gpgRecipient: ["useGpg"],
  gpgSigner: ["useGpg"],
  gpgHomeDir: ["useGpg"],
  gpgExe: ["useGpg"],
  gpgAgent: ["useGpg"],
  gpgNoSigningPw: ["useGpg"],
};

/**
 * The lines for what stood on the command line, with the values of the merged settings. Throws when a value cannot be
 * written so that it is read back the same.
 */
export function linesToSave(given: readonly Given[], settings: ClientSettings): readonly SavedLine[] {
  const keys = new Set(given.flatMap(({ key }) => [key as ClientKey, ...(IMPLIED[key as ClientKey] ?? [])]));
  const lines: SavedLine[] = [];
  for (const key of keys) {
    const [directive] = settingOf(key).directive ?? [];
    const value = settings[key];
    if (directive === undefined || value === undefined) continue;
    lines.push({ directive, value: writable(directive, settingOf(key).kind.format(value as never)) });
  }
  return inOrder(lines);
}

/** Sorts lines as the C client writes them. */
export function inOrder(lines: readonly SavedLine[]): readonly SavedLine[] {
  return lines.toSorted((a, b) => ORDER.indexOf(a.directive) - ORDER.indexOf(b.directive));
}

/**
 * The file with the stanza replaced, or added at its end. Directives of the stanza go, new lines stand where its last one
 * stood; comments, blank lines and what is no directive of ours stay. `overwrite` is asked before a key is replaced by a
 * new one, of whatever kind, and gives whether it may be; null replaces without asking.
 */
export async function replaceStanza(
  file: StanzaFile,
  { name, lines }: { readonly name: string; readonly lines: readonly SavedLine[] },
  overwrite: ((directive: string) => Promise<boolean> | boolean) | null,
): Promise<string> {
  const stanzas = file.stanzas.filter((stanza) => stanza.name.toLowerCase() === name.toLowerCase());
  const first = stanzas[0];
  if (first === undefined) return appendStanza(file.lines, name, lines);
  const entries = stanzas.flatMap((stanza) => stanza.entries).filter(({ name }) => KEY_OF_DIRECTIVE.has(name));
  const keep = await keptEntries(entries, lines, overwrite);
  const dropped = new Set(entries.filter((entry) => !keep.has(entry)).map((entry) => entry.line));
  const refused = (directive: string) => [...keep].some((entry) => sayTheSame(entry.name, directive));
  const written = lines.filter(({ directive }) => !refused(directive)).map(formatLine);
  return spliceLines(file.lines, first, { dropped, written });
}

/** Old lines that stay: keys that nothing new replaces, and those that the user wants to keep. */
async function keptEntries(
  entries: readonly StanzaEntry[],
  lines: readonly SavedLine[],
  overwrite: ((directive: string) => Promise<boolean> | boolean) | null,
): Promise<ReadonlySet<StanzaEntry>> {
  const kept = new Set<StanzaEntry>();
  if (overwrite === null) return kept;
  const answers = new Map<string, boolean>();
  for (const entry of entries.filter(({ name }) => CRITICAL.has(name))) {
    const replaced = lines.some(({ directive }) => sayTheSame(entry.name, directive));
    if (replaced && !answers.has(entry.name)) answers.set(entry.name, await overwrite(entry.name));
    if (answers.get(entry.name) !== true) kept.add(entry);
  }
  return kept;
}

/** Whether two directives speak of one thing. A key that stayed beside a new one of another kind would still be the one used. */
function sayTheSame(one: string, other: string): boolean {
  const keys = [KEY_OF_DIRECTIVE.get(one), KEY_OF_DIRECTIVE.get(other)] as const;
  return keys[0] === keys[1] ||
    KEY_SOURCES.some((sources) => keys.every((key) => key !== undefined && sources.includes(key)));
}

function spliceLines(
  lines: readonly string[],
  stanza: FileStanza,
  change: { readonly dropped: ReadonlySet<number>; readonly written: readonly string[] },
): string {
  const last = stanza.entries.at(-1)?.line ?? stanza.line;
  const result: string[] = [];
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (!change.dropped.has(number)) result.push(line);
    if (number !== last) continue;
    result.push(...change.written);
    // As the C client does, so that stanzas do not run together.
    if (number === stanza.endLine && number < lines.length) result.push("");
  }
  return withLineEnd(result);
}

function appendStanza(lines: readonly string[], name: string, saved: readonly SavedLine[]): string {
  const before = lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  return withLineEnd([...before, "", `[${name}]`, ...saved.map(formatLine)]);
}

function withLineEnd(lines: readonly string[]): string {
  return lines.at(-1) === "" ? lines.join("\n") : `${lines.join("\n")}\n`;
}

function formatLine({ directive, value }: SavedLine): string {
  return `${directive.padEnd(NAME_WIDTH)}${GAP}${value}`;
}

/** A value of an rc file ends at the first blank, `;` or `#`, so one with them would come back cut. */
function writable(directive: string, value: string): string {
  if (value !== "" && !/[\s;#\0]/.test(value)) return value;
  const message = `${directive} cannot be saved: a value of the rc file cannot be empty or contain blanks, ; or #`;
  throw new ClientError(
    formatProblem({ origin: {}, message }),
    /KEY$/.test(directive) ? "give the key in base64" : "leave it out, and give it on the command line",
  );
}

/** Whether a stanza can have this name and be found by it again. */
export function isStanzaName(name: string): boolean {
  return name !== "" && !/[\]\r\n\0]/.test(name);
}
