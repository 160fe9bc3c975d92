/** Programs that the user named: a password store, a wget. Run by name or path, with this environment, never by a shell. */
import { concat } from "../../lib/bytes.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { ClientError } from "./tui.ts";
import { splitWords } from "./shell_words.ts";

/** Bytes that a program may print: a key or an address is far less. */
const OUTPUT_LIMIT = 65_536;

/** What a program printed, or why there is nothing. */
export type ChildOutput = { readonly ok: true; readonly stdout: Uint8Array } | {
  readonly ok: false;
  readonly reason: string;
};

/** A program and its arguments, as the user wrote them in one text. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Splits a command that the setting `name` holds. Throws {@link ClientError}; `remedy` is the one where no program is named.
 */
export function readCommand(name: string, command: string, remedy: string): ChildCommand {
  const words = splitWords(command);
  if (words === null) throw new ClientError(`${name}: a quote is not closed`, "close it, or write it as \\'");
  const [program = "", ...args] = words;
  if (program === "") throw new ClientError(`${name} names no program`, remedy);
  return { program, args };
}

/**
 * Runs a program to its end and gives its standard output. Its standard error is ours, and so is its standard input unless
 * `ownInput` keeps that for us. `abort` ends it before its time.
 *
 * @tags allow-run, allow-env
 */
export async function runChild(
  program: string,
  args: readonly string[],
  options: { readonly ownInput?: boolean; readonly abort?: AbortSignal } = {},
): Promise<ChildOutput> {
  try {
    await using child = new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: environment(),
      stdin: options.ownInput === true ? "null" : "inherit",
      stdout: "piped",
      stderr: "inherit",
      ...(options.abort === undefined ? {} : { signal: options.abort }),
    }).spawn();
    const bytes = await readLimited(child.stdout);
    if (bytes === null) return { ok: false, reason: `${program} printed more than ${OUTPUT_LIMIT} bytes` };
    const { success, code, signal } = await child.status;
    if (signal !== null) return { ok: false, reason: `${program} was ended by ${signal}` };
    if (!success) return { ok: false, reason: `${program} failed with status ${code}` };
    return { ok: true, stdout: bytes };
  } catch (error) {
    return { ok: false, reason: `cannot run ${program}: ${reasonOf(error)}` };
  }
}

/** Everything, or null when it is too much. */
async function readLimited(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > OUTPUT_LIMIT) return null;
    chunks.push(chunk);
  }
  return concat(...chunks);
}

/** Ours without `LD_*`, with which Deno starts no program. */
function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("LD_")));
}
