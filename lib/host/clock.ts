/** The real clock. Everything that needs the time takes it as a parameter; only the programs' entry points use this. */

/** Whole Unix seconds now. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
