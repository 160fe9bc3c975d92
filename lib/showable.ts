/**
 * Text of others made fit to be shown. What cannot be seen acts on the terminal instead, turns the rest of a line around or
 * forges one: it is shown as an escape. Everything else, of whatever script, stays as it is. Pure.
 */

/** Control and format characters (ESC, U+202E), separators of lines, and halves of surrogate pairs. A tab can be seen. */
const UNSEEN = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Whether the text has a character that cannot be seen. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}

/** One line: `\x1b`, `\u202e`, `\u{e0001}`. A line end is escaped too. */
export function showable(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** Several lines: the line ends of the text, LF or CR LF, stay. */
export function showableLines(text: string): string {
  return text.split(/(\r?\n)/).map((piece, index) => index % 2 === 0 ? showable(piece) : piece).join("");
}

/** JSON on one line, with what cannot be seen as escapes of JSON: a reader gets the same value. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${hex(unit, 4)}`).join("");
  });
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
