/** `$NAME` in a value of fwknopd.conf (facts/configuration 1). Pure. */
import { fail, ok, type Result } from "../../lib/result.ts";

/**
 * Expands a value of fwknopd.conf that begins with `$`: the name is the run of capitals and `_` after it, and what follows
 * it is appended. `lookup` gives the value that a variable has so far, or undefined. One expansion, no recursion.
 * The fault is a sentence with the name in it; `isSet`: only what follows it is wrong.
 */
export function expandVariable(
  value: string,
  lookup: (name: string) => string | undefined,
): Result<string, { readonly message: string; readonly name: string; readonly isSet: boolean }> {
  const [, name, suffix = "", blank = ""] = /^\$([A-Z_]+)([^ \t]*)(.*)$/.exec(value) ?? [];
  if (name === undefined) return ok(value);
  const found = lookup(name);
  if (found === undefined) {
    return fail({ name, isSet: false, message: `Invalid embedded variable in the value: $${name} is not set` });
  }
  if (blank !== "") {
    return fail({ name, isSet: true, message: `unexpected text after the blank that follows $${name}` });
  }
  return ok(found + suffix);
}
