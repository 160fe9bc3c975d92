/** What a rule finds. */

/** One thing that is against a rule. */
export interface Finding {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

/** The line that is printed for it. */
export function formatFinding({ path, line, what, remedy }: Finding): string {
  return `${path}:${line}: ${what}\n    ${remedy}`;
}

/** Why something may be as it is although a rule is against it, by what it is about: a path, or `path: name`. */
export type Exceptions = Readonly<Record<string, string>>;

/** Findings for exceptions that nothing needs any more, so that the lists only ever shrink by themselves. */
export function staleExceptions(exceptions: readonly string[], needed: ReadonlySet<string>): Finding[] {
  return exceptions.filter((key) => !needed.has(key)).map((key) => ({
    path: ".ci/rules/exceptions.ts",
    line: 1,
    what: `nothing needs the exception for ${key}`,
    remedy: "delete it",
  }));
}
