/** What ends a run before its time, told to the user. */
import { FfiError } from "../../ffi/errors.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { ProblemsError } from "../settings/load.ts";
import { ClientError, tellError, tellProblems, type Terminal } from "./tui.ts";

/** Runs a step and tells what it throws. The result is the exit code. Never throws. */
export async function attempt(step: () => Promise<number>, terminal: Terminal): Promise<number> {
  try {
    return await step();
  } catch (error) {
    return await tellFailure(error, terminal);
  }
}

async function tellFailure(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof ProblemsError) {
    const { withRemedy } = await import("../remedies/problems.ts");
    tellProblems(terminal, error.problems.map(withRemedy));
    return 1;
  }
  if (error instanceof ClientError) {
    tellError(terminal, error.message, error.hint);
    return error.exitCode;
  }
  if (error instanceof FfiError) {
    tellError(terminal, error.message, error.details.hint);
    return 1;
  }
  if (error instanceof Deno.errors.NotCapable) {
    tellError(terminal, reasonOf(error), "start the program with the permissions that its documentation lists");
    return 1;
  }
  tellError(terminal, unexpected(error));
  return 1;
}

/**
 * What no other step told, without a stack. Only sentences of the operating system are repeated: others may quote what was
 * read, and that may be a key.
 */
function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return "something unexpected happened: please report it";
  return / \(os error [0-9]+\)/.test(error.message)
    ? reasonOf(error)
    : `something unexpected happened (${error.name}): please report it`;
}
