/**
 * The run loop: one wait on every descriptor and for the first duty, then the duties that are due, in the order of their
 * rows. It owns no policy and knows none of them: what there is to do is in `duties.ts`.
 */
import type { ActiveConfig, Ending, LoopState, Runtime } from "./active_config.ts";
import { makeRows } from "./duties.ts";
import { descriptorsOf, EVERY_WAKE_UP, untilFirst, type Watch } from "./rows.ts";

/**
 * Waits and performs until there is a reason to stop. Grants are left as they are: cleaning up is the caller's, and so is
 * what is still under way in the packet filter.
 */
export async function runLoop(first: ActiveConfig, runtime: Runtime): Promise<Ending> {
  const state: LoopState = { active: first, ending: null };
  const { watches, duties, leave } = makeRows(state, runtime);
  const watched = new Set<number>();
  while (state.ending === null) {
    followDescriptors(watches, watched, runtime.waiter);
    const ready = await runtime.waiter.wait(untilFirst(duties, runtime.steady()));
    for (const watch of watches) {
      const fd = watch.fd();
      if (fd === EVERY_WAKE_UP || descriptorsOf(fd).some((one) => ready.has(one))) watch.ready(ready);
    }
    for (const duty of duties) {
      const now = runtime.steady();
      if (state.ending === null && (duty.dueAt(now) ?? Infinity) <= now) await duty.perform();
    }
  }
  await leave();
  return state.ending;
}

/** Between two waits a descriptor may have come, gone or, closed already, given its number to another. */
function followDescriptors(watches: readonly Watch[], watched: Set<number>, waiter: Runtime["waiter"]): void {
  const now = watches.flatMap((watch) => descriptorsOf(watch.fd()));
  for (const fd of watched) {
    if (now.includes(fd)) continue;
    waiter.unwatch(fd);
    watched.delete(fd);
  }
  for (const fd of now) {
    if (watched.has(fd)) continue;
    waiter.watch(fd);
    watched.add(fd);
  }
}
