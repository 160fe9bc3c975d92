/** Long work in one thread that leaves time for others. */

/** Milliseconds of work after which others have their turn. */
const SLICE_MS = 2;

/** Makes a function to wait for between steps of work: it lets others have a turn where there has been none for a while. */
export function createPause(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < SLICE_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = performance.now();
  };
}
