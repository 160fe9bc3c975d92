/**
 * The stanza grammar of `.fwknoprc` (facts/client 3, facts/client 4): text in, sections with their directives and
 * line numbers out, with enough of the layout to save one section and leave every other line as it was. Knows no directive.
 */
import {
  EQUALS,
  hintAfter,
  type KnownNames,
  type LineFault,
  MAC_LINES,
  nameBeforeEquals,
  noValueHint,
  NUL,
  shownName,
  UNNAMED,
} from "./conf_file.ts";
import type { Problem } from "./setting.ts";

/** One `NAME value` line of a section. */
export interface StanzaEntry {
  readonly name: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
  /** What was cut with the blank, `;` or `#` that ended the value, unless it is a comment: `KEY two words` is `two`. Else null. */
  readonly lost: string | null;
  /** Something follows the value, if only a comment. Behind a pass phrase it may have been meant as its end. */
  readonly followed: boolean;
}

/** One section as it stands in the file. Sections of one name (in any letter case) may repeat; all apply, in order. */
export interface FileStanza {
  readonly name: string;
  /** Line of the header, from 1. */
  readonly line: number;
  /** The last line before the next header or the end of the file. */
  readonly endLine: number;
  readonly entries: readonly StanzaEntry[];
  /** Lines that cannot be read. They matter only where the section is used. */
  readonly problems: readonly Problem[];
}

/** The stanza that every run starts from. */
export const DEFAULT_STANZA = "default";

/** A whole file. */
export interface StanzaFile {
  readonly stanzas: readonly FileStanza[];
  /** Every line without its LF; line N is `lines[N - 1]`. Joined with LF they are the file again. */
  readonly lines: readonly string[];
}

/** Names of all sections except the default one, as written, repeated ones too. */
export function stanzaNames(file: StanzaFile): readonly string[] {
  return file.stanzas.map((stanza) => stanza.name).filter((name) => name.toLowerCase() !== DEFAULT_STANZA);
}

/** What may follow a value without being lost: blanks, then perhaps a comment; or the `;` that other fwknop files end lines with. */
const ENDING = /^(?:[ \t\v\f]+(?:[#;].*)?|;(?:[ \t\v\f].*)?)?\r*$/;

const HEADER = /^\uFEFF?[ \t\v\f]*\[([^\]\r]*)\]([^]*)$/;

/**
 * Reads the sections. Lines before the first header say nothing. A value ends at the first blank, `;` or `#`; a name
 * loses its last colon and what follows it. Blank lines and comments may be indented (the C client refuses those).
 *
 * @param known names that messages may show; without it they show none
 */
export function parseStanzaFile(text: string, file: string, known?: KnownNames): StanzaFile {
  const lines = text.split("\n");
  const stanzas: FileStanza[] = [];
  let open: { name: string; line: number; entries: StanzaEntry[]; problems: Problem[] } | null = null;
  const close = (endLine: number) => {
    if (open !== null) stanzas.push({ ...open, endLine });
  };
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const header = HEADER.exec(raw);
    if (header !== null) {
      close(index);
      open = { name: header[1] ?? "", line, entries: [], problems: [] };
      // Files of old Macs end lines with a carriage return alone: nothing after the first one would be read.
      if (/\r+[^\r]/.test(header[2] ?? "")) open.problems.push({ origin: { file, line }, ...MAC_LINES });
      continue;
    }
    if (open === null) continue;
    const read = parseEntry(raw, line, known);
    if (read === null) continue;
    if ("value" in read) open.entries.push(read);
    else {
      const hint = hintAfter(open.entries.at(-1)?.line === index, read);
      open.problems.push({ origin: { file, line }, message: read.message, hint });
    }
  }
  close(lines.length);
  return { stanzas, lines };
}

function parseEntry(
  raw: string,
  line: number,
  known: KnownNames | undefined,
): StanzaEntry | LineFault | null {
  if (/^[ \t\v\f]*(?:[#;\r\0]|$)/.test(raw)) return null;
  const [, word = "", value = "", rest = ""] = /^[ \t\v\f]*([^ \t\v\f\r]+)[ \t\v\f]*([^ \t\r;#]*)(.*)$/s.exec(raw) ??
    [];
  const colon = word.lastIndexOf(":");
  const name = colon > 0 ? word.slice(0, colon) : word;
  if (word.startsWith("[")) {
    return { message: "a section header has no closing bracket", hint: "write [name]" };
  }
  if (value === "" || value === "=") {
    const hint = value === "=" ? EQUALS : noValueHint(word, name);
    const shown = nameBeforeEquals(word, known) ?? shownName(name, known) ?? UNNAMED;
    return { message: `Invalid entry in the stanza: ${shown} has no value`, hint, unnamed: shown === UNNAMED };
  }
  if ((name + value).includes("\0")) return NUL;
  return { name, value, line, lost: ENDING.test(rest) ? null : rest.trim(), followed: /[^; \t\v\f\r]/.test(rest) };
}
