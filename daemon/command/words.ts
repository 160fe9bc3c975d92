/** How the text of a command becomes the words of a program: as the C daemon cuts it, without quotes, escapes or a shell. Pure. */
import { fail, ok, type Result } from "../../lib/result.ts";

/** A program and its arguments. */
export type Words = readonly [program: string, ...args: string[]];

/** As many as the C daemon takes, those of sudo included. */
export const MAX_WORDS = 28;

/** What isspace(3) takes for a blank; the runtime's own `\s` knows more. */
const BLANKS = /[ \t\n\v\f\r]+/;
/** What has no use in a command, and acts on whoever prints it. */
// deno-lint-ignore no-control-regex -- that is what it is about
const CONTROL = /[\0-\x08\x0e-\x1f\x7f]/;

/** The words of a text, behind those of `prefix`. The fault is the end of a sentence. */
export function commandWords(text: string, prefix: readonly string[] = []): Result<Words, string> {
  if (CONTROL.test(text)) return fail("it holds control characters");
  const said = text.split(BLANKS).filter((word) => word !== "");
  if (said.length === 0) return fail("it holds no word");
  const [program = "", ...args] = [...prefix, ...said];
  const count = 1 + args.length;
  if (count > MAX_WORDS) return fail(`it has ${count} words, and at most ${MAX_WORDS} are taken`);
  return ok([program, ...args]);
}
