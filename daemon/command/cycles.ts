/**
 * Doors that commands open and close. Which close is pending is known here, on the disk before the open command runs, and
 * until the close command has ended: so a door closes on time also after a reload and after a new start.
 *
 * One close command is one door. Who asks for it again while it is open moves its end, and the command that opened it does
 * not run a second time: of two rules that were added one would stay. It does run where the first one failed, or is not the
 * same: it may carry the new time.
 */
import type { ChildEnd } from "../../ffi/libc/child.ts";
import type { Log } from "../../lib/log.ts";
import type { CommandLimits } from "../config/resolve_server.ts";
import { type ClosesFile, ClosesFileError } from "./closes_file.ts";
import type { PendingClose } from "./close_line.ts";
import { type ClosingCommand, closingCommand, type CycleDoor } from "./cycle.ts";
import { createDoors, type Door } from "./doors.ts";
import type { Order } from "./become.ts";
import type { Running, RunningJob, Step } from "./running.ts";

/** What cycles need of the daemon. */
export interface CycleContext {
  readonly running: Running;
  readonly file: ClosesFile;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  readonly newId: () => string;
}

/** A door that something closes. */
type ClosedDoor = CycleDoor & { readonly close: ClosingCommand };

/** A request for doors. */
export interface CycleRequest {
  readonly doors: readonly CycleDoor[];
  readonly stanza: number;
  /** `[192.0.2.7] (stanza #1)` */
  readonly tag: string;
}

/** The doors of all stanzas. */
export interface Cycles {
  /** The close commands that are pending for a stanza. */
  heldBy(stanza: number): ReadonlySet<string>;
  /** How many closes are pending. */
  readonly size: number;
  /** Opens, or moves the end of what is open. Null, or why nothing was done. */
  open(request: CycleRequest, limits: CommandLimits, log: Log): string | null;
  /** Takes over what an earlier run left: only commands that are templates of the configuration in force. */
  takeOver(templates: ReadonlySet<string>, log: Log): void;
  /** When the next close is due, on the clock that nobody sets, at which it is `now`; null when none is pending or there is no room. */
  dueAt(limits: CommandLimits, now: number): number | null;
  /** Runs what is due. */
  closeDue(limits: CommandLimits, log: Log): void;
}

/** Commands of the stanza itself run as the daemon. */
const AS_DAEMON: Order = { user: null, locked: false };

/** So many are remembered of a door that is opened by one command after the other. */
const MAX_OPENED = 64;
/** How long to wait before a close command is tried again that could not be started. */
const RETRY_MS = 5000;

/** No door is open yet. */
export function createCycles(context: CycleContext): Cycles {
  const doors = createDoors(context);

  /** The doors of a request, one for each close command, as they will be. */
  function makeDoors(asked: readonly ClosedDoor[], stanza: number): readonly Door[] {
    const made = new Map<string, Door>();
    for (const { open, close } of asked) {
      const { text, after } = close;
      const before = made.get(text) ?? doors.get(text);
      const alive = before?.closing === false ? before : null;
      const opened = alive !== null && alive.opened.size < MAX_OPENED ? [...alive.opened] : [];
      made.set(text, {
        id: alive?.id ?? context.newId(),
        stanza: alive?.stanza ?? stanza,
        close,
        opened: new Set([...opened, open.text]),
        wellOpened: alive?.wellOpened ?? null,
        failed: alive?.failed ?? false,
        job: before?.job ?? null,
        dueAt: Math.max(context.steady() + after * 1000, alive?.dueAt ?? 0),
        due: Math.max(context.clock() + after * 1000, alive?.due ?? 0),
        closing: false,
      });
    }
    return [...made.values()];
  }

  function isOpen({ open, close }: CycleDoor): boolean {
    const door = close === null ? undefined : doors.get(close.text);
    return door !== undefined && !door.closing && !door.failed && door.opened.has(open.text);
  }

  function open({ doors: asked, stanza, tag }: CycleRequest, limits: CommandLimits, log: Log): string | null {
    const opening = asked.filter((door) => !isOpen(door));
    if (opening.length > 0 && !context.running.hasRoom(false, limits)) return tooMany(limits);
    const closing = asked.filter((door) => door.close !== null) as readonly ClosedDoor[];
    const made = makeDoors(closing, stanza);
    const failure = write(made);
    if (failure !== null) return failure;
    const earlier = made.map(({ job }) => job).filter((job) => job !== null);
    for (const door of made) {
      const before = doors.get(door.close.text);
      // An open door stays the one that its job knows.
      doors.put(before?.closing === false ? Object.assign(before, door) : door);
    }
    if (opening.length > 0) startOpening(opening, { tag, earlier, limits, log });
    for (const door of closing) {
      const { close } = door;
      const again = opening.includes(door) ? "" : " (it is open already)";
      log("info", `${tag} Running CMD_CYCLE_CLOSE command in ${close.after} seconds: ${close.text}${again}`);
    }
    return null;
  }

  function write(made: readonly Door[]): string | null {
    if (made.length === 0) return null;
    try {
      context.file.add(made.map(toLine));
      return null;
    } catch (error) {
      if (!(error instanceof ClosesFileError)) throw error;
      return `${error.message} (${error.hint})`;
    }
  }

  function startOpening(
    opening: readonly CycleDoor[],
    { tag, earlier, limits, log }: {
      readonly tag: string;
      readonly earlier: readonly RunningJob[];
      readonly limits: CommandLimits;
      readonly log: Log;
    },
  ): void {
    const doorOf = new Map<Step, Door>();
    const steps = opening.map(({ open, close }): Step => {
      const announcement = `${tag} Running CMD_CYCLE_OPEN command: ${open.text}`;
      const step: Step = { command: open, order: AS_DAEMON, tag, announcement, goodEnd: "debug" };
      const door = close === null ? undefined : doors.get(close.text);
      if (door !== undefined) {
        doorOf.set(step, door);
        door.failed = false;
      }
      return step;
    });
    const onEnd = (step: Step, end: ChildEnd | null) => {
      const door = doorOf.get(step);
      if (door === undefined) return;
      if (!isGood(end)) {
        door.failed = true;
        return;
      }
      door.wellOpened = step.command.text;
      // Where that cannot be written, the next start does not know it, and the command runs once more.
      write([door]);
    };
    // What closes a door, or opens it otherwise, comes to its end first.
    const after = {
      get ended() {
        return earlier.every((job) => job.ended);
      },
    };
    const job = context.running.take({ closes: false, steps, after, onEnd }, limits, log);
    for (const door of doorOf.values()) door.job = job;
  }

  function closeDue(limits: CommandLimits, log: Log): void {
    for (const door of doors.due()) {
      if (!context.running.hasRoom(true, limits)) return;
      door.closing = true;
      doors.put(door);
      // What opens it must not come after what closes it.
      if (door.job?.ended === false) door.job.stop();
      const { access } = door.close.facts;
      const tag = `[${access.text}] (stanza #${door.stanza})`;
      const announcement = `${tag} Timer expired, running CMD_CYCLE_CLOSE command: ${door.close.text}`;
      const step: Step = { command: door.close, order: AS_DAEMON, tag, announcement, goodEnd: "debug" };
      const onEnd = (_step: Step, end: ChildEnd | null) => {
        // Ended by the end of the daemon: the next run closes it.
        if (context.running.isStopping && !isGood(end)) return;
        if (end === null) {
          Object.assign(door, { closing: false, dueAt: context.steady() + RETRY_MS, due: context.clock() + RETRY_MS });
          if (doors.get(door.close.text) === door) doors.put(door);
          return;
        }
        context.file.remove([door.id], log);
        if (doors.get(door.close.text) === door) doors.delete(door);
      };
      door.job = context.running.take({ closes: true, steps: [step], after: door.job, onEnd }, limits, log);
    }
  }

  return {
    heldBy: doors.heldBy,
    get size() {
      return doors.size;
    },
    open,
    takeOver(templates, log) {
      for (const left of context.file.left) takeOverOne(left, templates, log);
    },
    dueAt(limits, now) {
      if (!context.running.hasRoom(true, limits)) return null;
      return doors.dueAt(now);
    },
    closeDue,
  };

  /** The file says for whom and when. What is run stands in access.conf, or is not run. */
  function takeOverOne(
    { id, due, stanza, template, facts, opened }: PendingClose,
    templates: ReadonlySet<string>,
    log: Log,
  ): void {
    const close = closingCommand(template, facts);
    if (templates.has(template) && close.ok) {
      const dueAt = context.steady() + Math.max(0, due - context.clock());
      const { text } = close.value;
      const twin = doors.get(text);
      if (twin !== undefined) context.file.remove([twin.id], log);
      doors.put({
        ...{ id, stanza, close: close.value, failed: false, job: null, closing: false },
        opened: new Set(opened === null ? [] : [opened]),
        wellOpened: opened,
        dueAt: Math.max(dueAt, twin?.dueAt ?? 0),
        due: Math.max(due, twin?.due ?? 0),
      });
      return;
    }
    const text = close.ok ? close.value.text : template;
    log(
      "error",
      `[${facts.access.text}] (stanza #${stanza}) A door of an earlier run stays open: its CMD_CYCLE_CLOSE is in no stanza ` +
        `any more and is not run: ${text}`,
    );
    context.file.remove([id], log);
  }
}

function toLine({ id, due, stanza, close, wellOpened }: Door): PendingClose {
  return { id, due, stanza, template: close.template, facts: close.facts, opened: wellOpened };
}

function isGood(end: ChildEnd | null): boolean {
  return end !== null && "status" in end && end.status === 0;
}

/** Why no command is started. */
export function tooMany({ most }: CommandLimits): string {
  return `${most} commands run already, and MAX_RUNNING_COMMANDS allows no more`;
}
