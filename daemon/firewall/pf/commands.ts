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
  /** Takes everything out of the anchor; states stay. */
  flush: (anchor: string) => ["-a", anchor, "-F", "rules"],
} as const;
