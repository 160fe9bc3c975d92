/** What the recorders of packet filters' programs have in common: a state in, an answer and the state after it out. */

/** How a program ended and what it said. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** It failed: thrown inside a recorder. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
  constructor(readonly code: number, readonly stderr: string) {
    super(stderr);
  }
}

/** The answer of `work`, which throws `ToolFailure` where the program would fail. */
export function answerOf(work: () => string): Answer {
  try {
    return { code: 0, stdout: work(), stderr: "" };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return { code: error.code, stdout: "", stderr: error.stderr };
  }
}

/** The words of a line, which must all be used. */
export class Words {
  readonly #words: string[];
  constructor(words: readonly string[], readonly failure: () => ToolFailure) {
    this.#words = [...words];
  }
  get isEmpty(): boolean {
    return this.#words.length === 0;
  }
  /** Takes the next word if it is one of these. */
  maybe(...expected: readonly string[]): string | null {
    const [word] = this.#words;
    if (word === undefined || !expected.includes(word)) return null;
    this.#words.shift();
    return word;
  }
  /** Takes the next word, which must match. */
  take(expected: RegExp | string): string {
    const word = this.#words.shift();
    if (word === undefined || !(typeof expected === "string" ? word === expected : expected.test(word))) {
      throw this.failure();
    }
    return word;
  }
  /** Takes all that is left. */
  rest(): readonly string[] {
    return this.#words.splice(0);
  }
  end(): void {
    if (!this.isEmpty) throw this.failure();
  }
}

/** A new connection that a recorder judges. */
export interface Attempt {
  readonly proto: "tcp" | "udp";
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** Runs a recorder as a program: its state is in the file, its words and its standard input are the process's. */
export function runRecorder<State extends { readonly calls: readonly string[] }>(
  recorder: (state: State, args: readonly string[], stdin: string) => Answer,
  [file = "", ...args]: readonly string[],
): never {
  const state = JSON.parse(Deno.readTextFileSync(file)) as State;
  const before = JSON.stringify({ ...state, calls: [] });
  const wantsInput = args.includes("-") || args.includes("/dev/stdin");
  const answer = recorder(state, args, wantsInput ? Deno.readTextFileSync("/dev/stdin") : "");
  const after = JSON.stringify({ ...state, calls: [] });
  // A question beside a change must not undo it.
  if (after !== before) {
    Deno.writeTextFileSync(`${file}.new`, after);
    Deno.renameSync(`${file}.new`, file);
  }
  Deno.stdout.writeSync(new TextEncoder().encode(answer.stdout));
  Deno.stderr.writeSync(new TextEncoder().encode(answer.stderr));
  Deno.exit(answer.code);
}
