/**
 * How the client speaks.
 *
 * - Standard output carries what was asked for: dumps, keys, lists, the port that was drawn. A plain send says nothing.
 * - Standard error carries one sentence per mistake: `fwknop: error: what, where` and, where there is a next move,
 *   `fwknop: hint: the next move`. Warnings are `fwknop: warning: …`.
 * - Sentences keep the fragments that scripts match (facts/fragments 2). No key is ever part of one.
 * - What cannot be seen is shown as an escape (`lib/showable.ts`): files, names and answers of others are repeated
 *   here.
 */
import { showable } from "../../lib/showable.ts";
import { formatOrigin, type Problem } from "../../lib/settings/setting.ts";

/** Where lines go. Each call writes one line, or several with line ends between them. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

/** A mistake of the operator or a failure of the machine, ready to be told. Ends the run with `exitCode`. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly hint: string | undefined;
  /** 1, or 130 when the user broke off. */
  readonly exitCode: number;
  constructor(message: string, hint?: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.hint = hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Tells an error and what to do about it. */
export function tellError(terminal: Terminal, message: string, hint?: string): void {
  terminal.err(`fwknop: error: ${showable(message)}`);
  if (hint !== undefined) terminal.err(`fwknop: hint: ${showable(hint)}`);
}

/** Tells something that the run goes on in spite of. */
export function tellWarning(terminal: Terminal, message: string): void {
  terminal.err(`fwknop: warning: ${showable(message)}`);
}

/**
 * The same terminal for what is said beside the work: where standard output takes nothing, a full disk say, that is told
 * once and the work goes on.
 */
export function forgiving<Kind extends Terminal>(terminal: Kind): Kind {
  let told = false;
  return {
    ...terminal,
    out(text: string) {
      try {
        terminal.out(text);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (!told) tellWarning(terminal, error.message);
        told = true;
      }
    },
  };
}

/** Tells every problem of what was said on the command line and in the stanzas. */
export function tellProblems(terminal: Terminal, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const place = formatOrigin(problem.origin);
    tellError(terminal, place === "" ? problem.message : `${place}: ${problem.message}`, problem.hint);
  }
}
