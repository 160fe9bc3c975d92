/** `--json`: one JSON object on standard output, also where a run failed; what people read goes to standard error. */
import type { World } from "./world.ts";

/** One object for a program. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A world that answers a program. */
export interface JsonAnswer {
  readonly world: World;
  /** Answers with the errors that were told, where the run failed before it could answer. */
  finish(exitCode: number): void;
}

interface ToldError {
  readonly message: string;
  readonly hints: string[];
}

/** `answer` takes the object; without it, it is printed. */
export function jsonAnswer(world: World, answer: (value: JsonObject) => void = world.json): JsonAnswer {
  const errors: ToldError[] = [];
  let answered = false;
  const json = (value: JsonObject) => {
    answered = true;
    answer(value);
  };
  return {
    world: {
      ...world,
      json,
      out: world.err,
      err(text) {
        for (const line of text.split("\n")) noteError(line, errors);
        world.err(text);
      },
    },
    finish(exitCode) {
      if (!answered && exitCode !== 0) json({ errors });
    },
  };
}

function noteError(line: string, errors: ToldError[]): void {
  const [, kind, sentence = ""] = /^fwknop: (error|hint): (.*)$/.exec(line) ?? [];
  if (kind === "error") errors.push({ message: sentence, hints: [] });
  if (kind === "hint") errors.at(-1)?.hints.push(sentence);
}
