/** One line of `--doctor`, of either program. Pure. */

/** How bad it is: `fail` is what stops a knock, or keeps shut what it opens; `warn` what weakens it or may stop it. */
export type Level = "ok" | "warn" | "fail";

/** What was looked at, what was found, and what to do about it. */
export interface Finding {
  readonly level: Level;
  /** `clock`, `route`, … */
  readonly what: string;
  readonly found: string;
  readonly remedy?: string;
}

/** Nothing to do. */
export function fine(what: string, found: string): Finding {
  return { level: "ok", what, found };
}

/** Works, but should be mended. */
export function doubt(what: string, found: string, remedy: string): Finding {
  return { level: "warn", what, found, remedy };
}

/** A knock would fail. */
export function failure(what: string, found: string, remedy?: string): Finding {
  return { level: "fail", what, found, ...(remedy === undefined ? {} : { remedy }) };
}

/** `warn clock: not synchronized: start an NTP client`. */
export function formatFinding({ level, what, found, remedy }: Finding): string {
  return `${level.padEnd(4)} ${what}: ${found}${remedy === undefined ? "" : `: ${remedy}`}`;
}
