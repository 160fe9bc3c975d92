/**
 * The batch whose digests are on their way to the disk while the next ones are decided: one at most. It is opened in the turn of
 * whoever asks for that, and never in the middle of something else. What is decided until the disk has answered goes to the disk
 * together: the slower that is, the more.
 */
import { letOthers } from "../../lib/host/pause.ts";
import type { Duty } from "./rows.ts";

/** What became of a flush: the digests that others had first, or what kept it from the disk. */
export type Flushed = { readonly lost: ReadonlySet<string> } | { readonly error: unknown };

/** What others than packets need of a flight. */
export interface Settling {
  /** Whether anything is in it: until it is open, or refused. */
  readonly isUnderWay: boolean;
  /** Waits for the disk, lands the batch and concludes what is kept: the place is empty then. Throws what these throw. */
  settle(): Promise<void>;
}

/** A place for one batch, and behind it for what is decided until the disk has answered. */
export interface Flight<Decided> extends Settling {
  /** Puts a batch into the empty place. `land` is called once, by `look` or `settle`, with what became of its flush. */
  begin(flushing: Promise<ReadonlySet<string>>, land: (flushed: Flushed) => Promise<void>): void;
  /** Keeps what goes to the disk behind the batch. */
  keep(decided: Decided): void;
  /** Takes that back, to add to it; null where there is none. */
  take(): Decided | null;
  /** Lands the batch if the disk has answered. */
  look(): Promise<void>;
}

/**
 * An empty place. What nobody asks for any more, because the loop has thrown, opens nothing.
 *
 * @param conclude is done with it all, this thread waiting for the disk
 */
export function createFlight<Decided>(conclude: (decided: Decided) => Promise<void>): Flight<Decided> {
  let batch: { readonly land: () => Promise<void>; isAnswered: boolean } | null = null;
  let kept: Decided | null = null;
  let landing: Promise<void> | null = null;

  function take(): Decided | null {
    const taken = kept;
    kept = null;
    return taken;
  }

  async function land(): Promise<void> {
    try {
      await batch?.land();
    } finally {
      batch = null;
    }
  }

  async function landAll(): Promise<void> {
    await land();
    const decided = take();
    if (decided !== null) await conclude(decided);
  }

  /** Who asks meanwhile waits for the same. */
  async function only(work: () => Promise<void>): Promise<void> {
    landing ??= work().finally(() => landing = null);
    await landing;
  }

  return {
    get isUnderWay() {
      return batch !== null || kept !== null;
    },
    begin(flushing, land) {
      const answer = answerOf(flushing);
      const begun = { land: async () => await land(await answer), isAnswered: false };
      answer.then(() => void (begun.isAnswered = true));
      batch = begun;
    },
    keep(decided) {
      kept = decided;
    },
    take,
    async look() {
      await letOthers();
      if (batch?.isAnswered) await only(land);
    },
    async settle() {
      while (batch !== null || kept !== null || landing !== null) await only(landAll);
    },
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
export function behind(flight: Settling, duties: readonly Duty[]): readonly Duty[] {
  const meanwhile = duties.filter(({ isBesideFlight }) => isBesideFlight);
  const goesOn = (now: number) => meanwhile.some((duty) => (duty.dueAt(now) ?? Infinity) <= now);
  const last: Duty = {
    dueAt: (now) => flight.isUnderWay && !goesOn(now) ? now : null,
    perform: flight.settle,
  };
  return [...duties.map((duty) => duty.isBesideFlight ? duty : inTurn(flight, duty)), last];
}

function inTurn(flight: Settling, duty: Duty): Duty {
  return {
    dueAt: (now) => duty.dueAt(now),
    perform: () => flight.isUnderWay ? flight.settle().then(() => duty.perform()) : duty.perform(),
  };
}
