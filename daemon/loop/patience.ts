/**
 * How long the run loop waits for the packet filter, and for gpg at SIGHUP. Work that takes longer is left to finish by
 * itself, so that a program that hangs delays the knock that it was started for, and nobody else's.
 */
import { waitAtMost } from "../../lib/host/wait_at_most.ts";

/** Work that is waited for, but not for ever. */
export interface Patience {
  /**
   * Starts `work`, unless work of that name is still under way and one is enough, and resolves when it is done or has
   * taken too long. What it throws afterwards is thrown by the next call.
   */
  wait(name: Duty, work: () => Promise<void>): Promise<void>;
  /** Starts `work` as `wait` does, and does not wait. */
  begin(name: Duty, work: () => Promise<void>): void;
  /** Whether work of that name is under way. */
  isBusy(name: Duty): boolean;
  /** Resolves when nothing is under way any more, or after so many milliseconds. Whether nothing is. */
  finish(ms: number): Promise<boolean>;
}

/** What the loop has done, most of it in the packet filter. */
export type Duty = "reload" | "open" | "close" | "repair" | "audit" | "clock" | "survey" | "judge";

/** Whoever asks again for these asks for the same; of the others each is another piece of work. */
const ONE_IS_ENOUGH: ReadonlySet<Duty> = new Set(["close", "repair", "audit", "survey", "judge"]);

/** Far more than any grant takes (1 to 10 ms), and less than a person notices. */
export const PATIENCE_MS = 250;

/** The same once the daemon has been told to stop: several things of one turn may hang, and the end waits for all of them. */
export const HASTE_MS = 20;

/** Work that is under way. */
interface Job {
  isWaitedFor: boolean;
  done: Promise<void>;
}

/**
 * @param waitMs how long to wait
 * @param wake called when work that was not waited for is done: there may be something new to do
 */
export function createPatience(waitMs: () => number, wake: () => void): Patience {
  const running = new Map<Promise<void>, Duty>();
  let failure: { readonly error: unknown } | null = null;

  function rethrow(): void {
    if (failure === null) return;
    const { error } = failure;
    failure = null;
    throw error;
  }
  const isBusy = (name: Duty) => [...running.values()].includes(name);

  /** Null where one is under way already and enough. */
  function start(name: Duty, work: () => Promise<void>): Job | null {
    rethrow();
    if (ONE_IS_ENOUGH.has(name) && isBusy(name)) return null;
    const job: Job = { isWaitedFor: false, done: Promise.resolve() };
    job.done = work().catch((error) => void (failure ??= { error })).then(() => {
      running.delete(job.done);
      if (!job.isWaitedFor) wake();
    });
    running.set(job.done, name);
    return job;
  }

  return {
    isBusy,
    begin: (name, work) => void start(name, work),
    async wait(name, work) {
      const job = start(name, work);
      if (job === null) return;
      job.isWaitedFor = true;
      await waitAtMost(job.done, waitMs());
      job.isWaitedFor = false;
      rethrow();
    },
    async finish(ms) {
      const all = async () => {
        while (running.size > 0) await Promise.all(running.keys());
      };
      await waitAtMost(all(), ms);
      rethrow();
      return running.size === 0;
    },
  };
}
