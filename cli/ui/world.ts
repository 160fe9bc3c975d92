/** Everything of the machine that a run of the client uses, in one value: the real one here, another one in tests. */
import { unixSeconds } from "../../lib/host/clock.ts";
import { randomBytes } from "../../lib/host/entropy.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { jsonText, showable, showableLines } from "../../lib/showable.ts";
import { sendPacket, type SendProto, type SendReport, type Target } from "../send/sender.ts";
import { ClientError, formatTold, type Terminal } from "./tui.ts";

/** The surroundings of one run as they are. Files are real ones in tests too. */
export interface Machine {
  /** Writes a line, or several, to standard output. */
  out(text: string): void;
  /** The same to standard error. */
  err(text: string): void;
  env(name: string): string | undefined;
  /** Unix seconds. */
  now(): number;
  /** From a cryptographic generator. */
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  /** A line typed in answer to a question on standard output; empty at the end of the input. */
  readAnswer(): string;
  /** Asks for a key on the controlling terminal. */
  askSecret(question: string): Promise<Uint8Array<ArrayBuffer>>;
  send(proto: SendProto, packet: string, target: Target): Promise<SendReport>;
}

/** The surroundings as a run speaks to them: what is for people shows what cannot be seen as escapes. */
export interface World extends Machine, Terminal {
  /** Lines on standard output that are drawn, and so hold control characters of their own. */
  drawn(text: string): void;
  /** Answers a program: one line of JSON on standard output (`--json`). */
  json(value: Readonly<Record<string, unknown>>): void;
}

/** The world of a machine. */
export function worldOn(machine: Machine): World {
  const err = (text: string) => machine.err(showableLines(text));
  return {
    ...machine,
    out: (text) => machine.out(showableLines(text)),
    err,
    tell: (told) => err(formatTold(told)),
    askSecret: (question) => machine.askSecret(showable(question)),
    drawn: (text) => machine.out(text),
    json: (value) => machine.out(jsonText(value)),
  };
}

/**
 * Reads variables of the environment. The runtime gives none that is no UTF-8 text: it counts as not set, since no file
 * below such a home could be opened and no server takes such a user name, and that is said once.
 */
function variableReader(): (name: string) => string | undefined {
  const told = new Set<string>();
  return (name) => {
    try {
      return Deno.env.get(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.InvalidData)) throw error;
      const message = `the variable ${name} holds bytes that are no UTF-8 text: it counts as not set`;
      if (!told.has(name)) tellErr(formatTold({ level: "warning", message }));
      told.add(name);
      return undefined;
    }
  };
}

/** The machine itself. */
export function realWorld(): Machine {
  return {
    out: tellOut,
    err: tellErr,
    env: variableReader(),
    now: unixSeconds,
    randomBytes,
    readAnswer: readLine,
    askSecret: async (question) => await (await import("../keys/prompt.ts")).askOnTerminal(question),
    send: sendPacket,
  };
}

/** A full disk under a redirected output is told; what was asked for is not there then. */
function tellOut(text: string): void {
  try {
    writeLine(Deno.stdout, text);
  } catch (error) {
    throw new ClientError(`Cannot write to standard output: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

/** Where nobody can be told of a mistake, the exit code says it. */
function tellErr(text: string): void {
  try {
    writeLine(Deno.stderr, text);
  } catch {
    return;
  }
}

/** Written at once and whole: the program may end right after. A reader that went away is no error of ours. */
function writeLine(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(`${text}\n`);
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Byte by byte, so that what follows the line stays for the next question. */
function readLine(): string {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (Deno.stdin.readSync(one) === 1 && one[0] !== 0x0a) bytes.push(one[0] ?? 0);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
