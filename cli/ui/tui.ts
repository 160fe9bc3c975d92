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

/** What the user is told. It stays a value until it is printed: whoever stands in between looks at its fields. */
export interface Told {
  /** An error ends the run or a part of it, a warning does not; a hint by itself is neither. */
  readonly level: "error" | "warning" | "hint";
  readonly message: string;
  /** The next move; several where there are several likely ones. */
  readonly hint?: string | readonly string[] | undefined;
  /** The server that it is about, where a run has several. */
  readonly server?: string;
}

/** Where lines go. Each call writes one line, or several with line ends between them. */
export interface Terminal {
  out(text: string): void;
  /** What `-v` shows, and lines in words of the C client. */
  err(text: string): void;
  tell(told: Told): void;
}

/** The lines of what is told: one for the message and one for each hint. */
export function formatTold({ level, message, hint = [], server }: Told): string {
  const about = server === undefined ? "" : `${server}: `;
  const line = (kind: Told["level"], text: string) => `fwknop: ${kind}: ${about}${showable(text)}`;
  return [line(level, message), ...[hint].flat().map((text) => line("hint", text))].join("\n");
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
export function tellError(terminal: Pick<Terminal, "tell">, message: string, hint?: string): void {
  terminal.tell({ level: "error", message, hint });
}

/** Tells something that the run goes on in spite of. */
export function tellWarning(terminal: Pick<Terminal, "tell">, message: string): void {
  terminal.tell({ level: "warning", message });
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
export function tellProblems(terminal: Pick<Terminal, "tell">, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const origin = formatOrigin(problem.origin);
    tellError(terminal, origin === "" ? problem.message : `${origin}: ${problem.message}`, problem.hint);
  }
}
