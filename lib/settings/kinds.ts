/**
 * The types of values that settings have. Every kind is strict: what it does not understand is an error, never a zero
 * (the C programs read `62201abc` as 62201 and `abc` as 0). A fault never repeats the text, which may be a secret.
 */
import { fail, ok, type Result } from "../result.ts";
import type { Kind } from "./setting.ts";

/** What a text may be. `mayHoldHash` and `bare` are those of {@link Kind}. */
export interface TextOptions {
  readonly maxLength?: number;
  readonly empty?: boolean;
  readonly valueName?: string;
  readonly mayHoldHash?: boolean;
  readonly bare?: boolean;
}

/** Free text. `maxLength` counts UTF-8 bytes; without `empty: true` at least one is needed. */
export function text(options: TextOptions = {}): Kind<string> {
  const { maxLength = Infinity, empty = false, valueName = "TEXT", mayHoldHash = false, bare = false } = options;
  const expects = maxLength === Infinity ? "text" : `text of at most ${maxLength} bytes`;
  return {
    valueName,
    expects,
    mayHoldHash,
    bare,
    parse(given) {
      if (given === "" && !empty) return fail("expected a value, got nothing");
      if (given.includes("\0")) return fail("expected text without NUL characters");
      const length = utf8Length(given);
      return length <= maxLength ? ok(given) : fail(`expected ${expects}, got ${length}`);
    },
    format: (value) => value,
  };
}

/** A file or directory name. */
export function path(valueName = "FILE"): Kind<string> {
  return { ...text({ valueName, mayHoldHash: true, bare: true }), expects: "a path" };
}

/** `Y` or `N`: the first letter decides, as in C, but a word that begins with neither is an error. */
export const yesNo: Kind<boolean> = {
  valueName: "Y|N",
  expects: "Y or N",
  choices: ["Y", "N"],
  parse(given) {
    if (/^y/i.test(given)) return ok(true);
    if (/^n/i.test(given)) return ok(false);
    return fail("expected Y or N");
  },
  lenient: () => ({ value: false }),
  remedy: yesOrNo,
  format: (value) => value ? "Y" : "N",
};

/** The same for what the C programs switch off only by a word that begins with N: to them any other word is Y. */
export const yesUnlessNo: Kind<boolean> = { ...yesNo, lenient: () => ({ value: true }) };

/** Which of the two letters other words for yes and no mean. */
function yesOrNo(given: string): string | undefined {
  if (/^(?:true|on|1|enabled?|always)$/i.test(given)) return "write Y";
  return /^(?:false|off|0|disabled?|none|never)$/i.test(given) ? "write N" : "write Y or N";
}

/** A decimal integer without padding or trailing characters. */
export function integer(min: number, max: number, valueName = "N"): Kind<number> {
  const open = max === Number.MAX_SAFE_INTEGER;
  const range = open ? `a number from ${min} up` : `a number from ${min} to ${max}`;
  const shape = open && min >= 0 ? /^\+?[0-9]+$/ : /^[+-]?[0-9]+$/;
  const inRange = (value: number) => value >= min && value <= max;
  return {
    valueName,
    expects: range,
    parse(given) {
      if (!shape.test(given)) return fail(`value is not in the range: expected ${range}`);
      const value = Number(given);
      if (!inRange(value)) return fail(`value is out of range: not in the range ${min}-${max}`);
      return ok(value);
    },
    lenient(given) {
      const value = leadingNumber(given);
      return inRange(value) ? { value } : null;
    },
    remedy: (given) => numberAlone(given, valueName),
    format: (value) => String(value),
  };
}

/** As C reads a number: what follows its digits does not count, and what begins with none is 0. */
export function leadingNumber(text: string): number {
  return Number(/^[ \t]*([+-]?[0-9]+)/.exec(text)?.[1] ?? 0) || 0;
}

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** For a number with its unit. */
function numberAlone(given: string, valueName: string): string | undefined {
  const [, digits = "", unit = ""] = /^([0-9]+)[ \t]*([a-zA-Z]+)$/.exec(given) ?? [];
  if (digits === "") return undefined;
  const factor = valueName === "SECONDS" ? SECONDS_OF[unit.charAt(0).toLowerCase()] : undefined;
  return `write the number alone: ${factor === undefined ? digits : Number(digits) * factor}`;
}

/** A number of seconds. */
export function seconds(min: number, max: number): Kind<number> {
  return integer(min, max, "SECONDS");
}

/** One of a few words, in any letter case; the value is the spelling of the table. */
export function choice<const Word extends string>(words: readonly Word[], valueName = "NAME"): Kind<Word> {
  const byFold = new Map(words.map((word) => [word.toLowerCase(), word]));
  const expects = `one of ${words.join(", ")}`;
  return {
    valueName,
    expects,
    choices: words,
    parse(given): Result<Word, string> {
      const word = byFold.get(given.toLowerCase());
      return word === undefined ? fail(`expected ${expects}`) : ok(word);
    },
    format: (value) => value,
  };
}

/** The same kind, whose fault begins with a sentence that scripts know. */
export function refusing<Value>(kind: Kind<Value>, refusal: string): Kind<Value> {
  return {
    ...kind,
    parse(given) {
      const read = kind.parse(given);
      return read.ok ? read : fail(`${refusal}: expected ${kind.expects}`);
    },
  };
}

/** Several values with a separator between them; blanks around each are ignored, an empty item is an error. */
export function list<Value>(item: Kind<Value>, separator = ","): Kind<readonly Value[]> {
  return {
    valueName: `${item.valueName}[${separator}${item.valueName}…]`,
    expects: `a list of values separated by "${separator}", each ${item.expects}`,
    parse(given) {
      const values: Value[] = [];
      for (const [index, part] of given.split(separator).entries()) {
        const read = item.parse(part.trim());
        if (!read.ok) return fail(`item ${index + 1}: ${read.fault}`);
        values.push(read.value);
      }
      return ok(values);
    },
    format: (values) => values.map((value) => item.format(value)).join(separator),
  };
}

/** Bytes that the text takes in UTF-8. */
function utf8Length(given: string): number {
  let length = 0;
  for (const character of given) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
