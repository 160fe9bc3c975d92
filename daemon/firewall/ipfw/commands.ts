/** The argument vectors of ipfw: never a line for a shell. Pure. */

/** What fwknopd asks of ipfw. */
export const IPFW_ARGS = {
  /** All rules, with their sets. */
  rules: ["-S", "list"],
  /** All rules and the connections that they let in. */
  dynamic: ["-d", "list"],
  /** All tables, with what is in them. */
  tables: ["table", "all", "list"],
  /** Does what the lines of the standard input say, one after the other, up to the first that cannot be done. */
  batch: ["-q", "/dev/stdin"],
  /** All rules, with counters, times, sets and connections. */
  everything: ["-d", "-S", "-t", "list"],
  /** The rules of a set, as the C daemon lists them. */
  set: (set: number) => ["-d", "-S", "-T", "set", String(set), "list"],
} as const;
