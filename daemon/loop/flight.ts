/**
 * The batch whose digests are on their way to the disk while the next one is decided: one at most. It is opened in the turn of
 * whoever asks for that, and never in the middle of something else.
 */
import { letOthers } from "../../lib/host/pause.ts";
import type { Duty } from "./rows.ts";

/** What became of a flush: the digests that others had first, or what kept it from the disk. */
export type Flushed = { readonly lost: ReadonlySet<string> } | { readonly error: unknown };

/** The place for one batch. */
export interface Flight {
  /** Whether a batch is in it: until it is open, or refused. */
  readonly isUnderWay: boolean;
  /** Puts a batch into the empty place. `land` is called once, by `look` or `settle`, with what became of its flush. */
  begin(flushing: Promise<ReadonlySet<string>>, land: (flushed: Flushed) => Promise<void>): void;
  /** Lands the batch if the disk has answered. */
  look(): Promise<void>;
  /** Waits for the disk and lands the batch: the place is empty then. Throws what `land` throws. */
  settle(): Promise<void>;
}

/** An empty place. A batch that nobody asks for any more, because the loop has thrown, opens nothing. */
export function createFlight(): Flight {
  let batch: { readonly land: () => Promise<void>; isAnswered: boolean } | null = null;
  let landing: Promise<void> | null = null;

  /** Who asks while it lands waits for the same. */
  async function settle(): Promise<void> {
    if (batch === null) return;
    landing ??= batch.land().finally(() => batch = landing = null);
    await landing;
  }

  return {
    get isUnderWay() {
      return batch !== null;
    },
    begin(flushing, land) {
      const answer = answerOf(flushing);
      const begun = { land: async () => await land(await answer), isAnswered: false };
      answer.then(() => void (begun.isAnswered = true));
      batch = begun;
    },
    async look() {
      await letOthers();
      if (batch?.isAnswered) await settle();
    },
    settle,
  };
}

/** Never rejects. */
export async function answerOf(flushing: Promise<ReadonlySet<string>>): Promise<Flushed> {
  try {
    return { lost: await flushing };
  } catch (error) {
    return { error };
  }
}

/** The duties, each but those that may be done meanwhile behind the batch that is under way, which no rest of the loop outlasts. */
export function behind(flight: Flight, duties: readonly Duty[]): readonly Duty[] {
  const meanwhile = duties.filter(({ isBesideFlight }) => isBesideFlight);
  const goesOn = (now: number) => meanwhile.some((duty) => (duty.dueAt(now) ?? Infinity) <= now);
  const last: Duty = {
    dueAt: (now) => flight.isUnderWay && !goesOn(now) ? now : null,
    perform: flight.settle,
  };
  return [...duties.map((duty) => duty.isBesideFlight ? duty : inTurn(flight, duty)), last];
}

function inTurn(flight: Flight, duty: Duty): Duty {
  return {
    dueAt: (now) => duty.dueAt(now),
    perform: () => flight.isUnderWay ? flight.settle().then(() => duty.perform()) : duty.perform(),
  };
}
