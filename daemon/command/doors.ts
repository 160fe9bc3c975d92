/**
 * The doors that commands open and close, as far as they are known: whatever is asked of them for a knock or at a wake-up
 * costs the same beside any number, or the logarithm of it.
 */
import { Deadlines } from "../grants/deadlines.ts";
import type { ClosingCommand } from "./cycle.ts";
import type { RunningJob } from "./running.ts";

/** A door that is open, or about to be. */
export interface Door {
  readonly id: string;
  readonly stanza: number;
  readonly close: ClosingCommand;
  /** The commands that opened it, or are about to. */
  opened: ReadonlySet<string>;
  /** The last of them that came to a good end. */
  wellOpened: string | null;
  /** Whether the open command failed, or was stopped: then it is run when the door is asked for again. */
  failed: boolean;
  job: RunningJob | null;
  /** On the clock that nobody sets. */
  dueAt: number;
  /** Unix milliseconds. A clock that was set ahead closes doors, as it ends grants. */
  due: number;
  closing: boolean;
}

/** The doors that commands close, by their close commands. */
export interface Doors {
  readonly size: number;
  get(text: string): Door | undefined;
  /** The close commands of a stanza. */
  heldBy(stanza: number): ReadonlySet<string>;
  /** Takes in a door that is new, takes the place of another, or has changed; its stanza never does. */
  put(door: Door): void;
  delete(door: Door): void;
  /** On the clock that nobody sets, at which it is `now`; null when none is to be closed. */
  dueAt(now: number): number | null;
  /** Those whose time is over on either clock, in its order. */
  due(): readonly Door[];
}

/** None yet. `clock`: Unix milliseconds; `steady`: those of a clock that nobody sets. */
export function createDoors({ clock, steady }: { clock: () => number; steady: () => number }): Doors {
  const doors = new Map<string, Door>();
  const texts = new Map<number, Set<string>>();
  /** When those are due that are not being closed, on either clock. */
  const ends = new Deadlines<string>(), wallEnds = new Deadlines<string>();

  function leaveStanza({ stanza, close: { text } }: Door): void {
    const held = texts.get(stanza);
    held?.delete(text);
    if (held?.size === 0) texts.delete(stanza);
  }

  return {
    get size() {
      return doors.size;
    },
    get: (text: string) => doors.get(text),
    heldBy: (stanza: number): ReadonlySet<string> => texts.get(stanza) ?? NO_TEXTS,
    put(door: Door): void {
      const { close: { text }, stanza, closing, dueAt, due } = door;
      const before = doors.get(text);
      if (before !== undefined && before.stanza !== stanza) leaveStanza(before);
      doors.set(text, door);
      const held = texts.get(stanza);
      if (held === undefined) texts.set(stanza, new Set([text]));
      else held.add(text);
      if (closing) {
        ends.delete(text);
        wallEnds.delete(text);
      } else {
        ends.set(text, dueAt);
        wallEnds.set(text, due);
      }
    },
    delete(door: Door): void {
      const { text } = door.close;
      doors.delete(text);
      leaveStanza(door);
      ends.delete(text);
      wallEnds.delete(text);
    },
    dueAt(now: number): number | null {
      const end = ends.first, wallEnd = wallEnds.first;
      return end === null || wallEnd === null ? null : now + Math.min(end.at - now, wallEnd.at - clock());
    },
    due(): readonly Door[] {
      const over = new Set([...ends.upTo(steady()), ...wallEnds.upTo(clock())]);
      return [...over].map((text) => doors.get(text)).filter((door) => door !== undefined)
        .sort((a, b) => a.dueAt - b.dueAt);
    },
  };
}

const NO_TEXTS: ReadonlySet<string> = new Set();
