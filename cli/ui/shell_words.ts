/** Words of a command line as text and back: single and double quotes and backslashes group, nothing else is special. Pure. */

/** Writes words so that {@link splitWords} and a shell read them back. */
export function joinWords(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

/**
 * Splits at blanks outside quotes. Null when a quote is never closed: the C client writes words without quoting, so such
 * a text is read with {@link splitPlain}.
 */
export function splitWords(text: string): readonly string[] | null {
  const words: string[] = [];
  const pattern = /[ \t]*((?:[^ \t'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)/sy;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    words.push(unquote(match[1] ?? ""));
    end = pattern.lastIndex;
  }
  return text.slice(end).trim() === "" ? words : null;
}

/** Splits at blanks, whatever the words are. */
export function splitPlain(text: string): readonly string[] {
  return text.split(/[ \t]+/).filter((word) => word !== "");
}

function quote(word: string): string {
  return /^[A-Za-z0-9@%+=:,./_~^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, (_match, single, double, escaped) => {
    if (single !== undefined) return single;
    return escaped ?? double.replace(/\\(["\\$`])/g, "$1");
  });
}
