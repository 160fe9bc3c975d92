/** Everything of the machine that a run of the client uses, in one value: the real one here, another one in tests. */
import { unixSeconds } from "../lib/host/clock.ts";
import { randomBytes } from "../lib/host/entropy.ts";
import { reasonOf } from "../lib/host/reason.ts";
import { sendPacket, type SendProto, type SendReport, type Target } from "./send/sender.ts";
import { ClientError, type Terminal } from "./tui.ts";

/** The surroundings of one run. Files are real ones in tests too. */
export interface World extends Terminal {
  env(name: string): string | undefined;
  /** Unix seconds. */
  now(): number;
  /** From a cryptographic generator. */
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  /** A line typed in answer to a question on standard output; empty at the end of the input. */
  readAnswer(): string;
  /** Answers a program: one line of JSON on standard output (`--json`). */
  json(value: Readonly<Record<string, unknown>>): void;
  /** Asks for a key on the controlling terminal. */
  askSecret(question: string): Promise<Uint8Array<ArrayBuffer>>;
  send(proto: SendProto, packet: string, target: Target): Promise<SendReport>;
}

/** The machine itself. */
export function realWorld(): World {
  return {
    out: tellOut,
    err: tellErr,
    env: (name) => Deno.env.get(name),
    now: unixSeconds,
    randomBytes,
    readAnswer: readLine,
    json: (value) => tellOut(JSON.stringify(value)),
    askSecret: async (question) => await (await import("./prompt.ts")).askOnTerminal(question),
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
