/** Which commands a request means in a stanza with CMD_CYCLE_OPEN. Pure. */
import { ok, type Result } from "../../lib/result.ts";
import type { Service } from "../../lib/net/service.ts";
import type { CommandCycle } from "./policy.ts";
import { expandTemplate, type TemplateFacts } from "./template.ts";
import { commandWords, type Words } from "./words.ts";

/** A command that is ready to run. */
export interface Command {
  /** As it is written in the log. */
  readonly text: string;
  readonly words: Words;
}

/** One pair of commands: what opens a door, and what closes it. */
export interface CycleDoor {
  readonly open: Command;
  /** Null where nothing closes (NONE). */
  readonly close: ClosingCommand | null;
}

/** What closes a door, and how it came to be. */
export interface ClosingCommand extends Command {
  readonly template: string;
  readonly facts: TemplateFacts;
  /** After so many seconds. */
  readonly after: number;
}

/** What is asked for. */
export interface CycleRequest extends Omit<TemplateFacts, "service" | "seconds"> {
  readonly services: readonly Service[];
  /** Seconds that the client asks for; 0 when it does not ask. */
  readonly clientTimeout: number;
  /** MAX_FW_TIMEOUT. */
  readonly maxTimeout: number;
}

/**
 * The doors of a request: one for each service where the templates speak of the service, else one. So a template that was
 * written for one port runs for each of them, and one without runs once. The fault is the end of a sentence.
 */
export function planCycle(cycle: CommandCycle, request: CycleRequest): Result<readonly CycleDoor[], string> {
  const { services, clientTimeout, maxTimeout, ...others } = request;
  const seconds = clientTimeout > 0 ? Math.min(clientTimeout, maxTimeout) : cycle.timer ?? 0;
  const doors = new Map<string, CycleDoor>();
  for (const service of services) {
    const door = makeDoor(cycle, { ...others, service, seconds });
    if (!door.ok) return door;
    const { open, close } = door.value;
    doors.set(JSON.stringify([open.text, close?.text]), door.value);
  }
  return ok([...doors.values()]);
}

function makeDoor({ open, close }: CommandCycle, facts: TemplateFacts): Result<CycleDoor, string> {
  const opening = expand(open, facts);
  if (!opening.ok) return opening;
  if (close === null) return ok({ open: opening.value, close: null });
  const closing = closingCommand(close, facts);
  return closing.ok ? ok({ open: opening.value, close: closing.value }) : closing;
}

/** The command that closes what was opened for these facts. The fault is the end of a sentence. */
export function closingCommand(template: string, facts: TemplateFacts): Result<ClosingCommand, string> {
  const command = expand(template, facts);
  return command.ok ? ok({ ...command.value, template, facts, after: facts.seconds }) : command;
}

function expand(template: string, facts: TemplateFacts): Result<Command, string> {
  const text = expandTemplate(template, facts);
  if (!text.ok) return text;
  const words = commandWords(text.value);
  return words.ok ? ok({ text: text.value, words: words.value }) : words;
}
