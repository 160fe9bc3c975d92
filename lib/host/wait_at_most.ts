/** Waiting for something, but not for ever. */

/** Resolves when the promise does, or after so many milliseconds. Rejects as it does. */
export async function waitAtMost(promise: Promise<void>, ms: number): Promise<void> {
  const tooLong = Promise.withResolvers<void>();
  const timer = setTimeout(tooLong.resolve, ms);
  try {
    await Promise.race([promise, tooLong.promise]);
  } finally {
    clearTimeout(timer);
  }
}
