/** What the rules look at in a source file. */

/** A function with a body. */
export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  /** From its signature to its closing brace, without the functions inside it that have names: those count by themselves. */
  readonly lines: number;
  readonly params: number;
  /** Whether it is the body of a `Deno.test` or one of its steps. */
  readonly isTest: boolean;
}

/** An import or a re-export of another file. */
export interface ImportFact {
  readonly specifier: string;
  /** The names that are taken, `*` where it cannot be told. */
  readonly names: readonly string[];
  readonly line: number;
  /** Whether only types are taken, so that nothing is loaded when the program runs. */
  readonly typeOnly: boolean;
}

/** A name that other files can import. */
export interface ExportFact {
  readonly name: string;
  readonly line: number;
  /** Names of the types that its declaration speaks of, bodies of functions left out. */
  readonly signature: readonly string[];
}

/** A use of the outside world: `Deno`, a clock, randomness, a timer, the console. */
export interface AmbientFact {
  readonly what: string;
  readonly line: number;
}

/** The facts of one file. */
export interface SourceFacts {
  readonly lines: number;
  /** The text of the comment that the file begins with, or "". */
  readonly header: string;
  readonly functions: readonly FunctionFact[];
  readonly imports: readonly ImportFact[];
  readonly exports: readonly ExportFact[];
  readonly ambient: readonly AmbientFact[];
}

/** The facts of one file and its path below the project's root. */
export interface SourceFile extends SourceFacts {
  readonly path: string;
}

/** The name of a function that has none. */
export const ANONYMOUS = "(anonymous)";
