/** `--json`: one JSON object on standard output, also where a run failed; what people read goes to standard error. */
import { showable } from "../../lib/showable.ts";
import type { Told } from "./tui.ts";
import type { World } from "./world.ts";

/** One object for a program. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A world that answers a program. */
export interface JsonAnswer {
  readonly world: World;
  /** Answers with the errors that were told, where the run failed before it could answer. */
  finish(exitCode: number): void;
}

/** `answer` takes the object; without it, it is printed. */
export function jsonAnswer(world: World, answer: (value: JsonObject) => void = world.json): JsonAnswer {
  const errors: JsonObject[] = [];
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
      tell(told) {
        if (told.level === "error") errors.push(forProgram(told));
        world.tell(told);
      },
    },
    finish(exitCode) {
      if (!answered && exitCode !== 0) json({ errors });
    },
  };
}

/** In the same spelling as on the terminal. */
function forProgram({ message, hint = [] }: Told): JsonObject {
  return { message: showable(message), hints: [hint].flat().map(showable) };
}
