/** Long work in one thread that leaves time for others. */

/** What Deno 2.6 has as well and does not declare. Looked for when it is used: it is loaded then. */
interface Immediates {
  setImmediate(callback: () => void): void;
}

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

/** Lets what other threads have finished have its turn: 3 µs. Timers may have to wait for longer. */
export async function letOthers(): Promise<void> {
  await new Promise<void>((resolve) => (globalThis as unknown as Immediates).setImmediate(resolve));
}
