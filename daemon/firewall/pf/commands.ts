/** The argument vectors of pfctl: never a line for a shell. Pure. */

/** What fwknopd asks of pfctl. */
export const PFCTL_ARGS = {
  /** Whether pf is on. */
  info: ["-s", "info"],
  /** The main ruleset, which must name the anchor. */
  mainRules: ["-s", "rules"],
  /** The rules of the anchor. */
  rules: (anchor: string) => ["-a", anchor, "-s", "rules"],
  /** Puts what stands on the standard input in the place of all rules of the anchor, in one step. */
  load: (anchor: string) => ["-a", anchor, "-f", "-"],
  /** Takes all rules out of the anchor, and with them the tables that only they name; states stay. */
  flush: (anchor: string) => ["-a", anchor, "-F", "rules"],
  /** Who is in a table. */
  clients: (anchor: string, table: string) => ["-a", anchor, "-t", table, "-T", "show"],
  /** Puts addresses on the standard input into a table, or takes them out; in one step. */
  alter: (anchor: string, table: string, verb: "add" | "delete") => ["-a", anchor, "-t", table, "-T", verb, "-f", "-"],
} as const;
