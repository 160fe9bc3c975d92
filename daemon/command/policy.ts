/** What a stanza says of commands, as values: those that packets carry, and those that run instead of opening a door. */

/** An account of the host. */
export interface RunAs {
  /** Its name, for the log. */
  readonly user: string;
  /** The same of its group. */
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups: those of that user, never the daemon's. */
  readonly groups: readonly number[];
}

/** ENABLE_CMD_EXEC: how the commands of packets are run. */
export interface CommandPolicy {
  /** CMD_EXEC_USER and CMD_EXEC_GROUP; null: as the daemon itself. */
  readonly runAs: RunAs | null;
  /** ENABLE_CMD_SUDO_EXEC: words put in front of the command; empty where it is not set. */
  readonly prefix: readonly string[];
}

/** CMD_CYCLE_OPEN, _CLOSE and _TIMER. */
export interface CommandCycle {
  /** Template of the command that runs at once. */
  readonly open: string;
  /** Template of the one that runs when the time is over; null: never (NONE). */
  readonly close: string | null;
  /** Seconds between the two where the packet asks for no time; null where none were given. */
  readonly timer: number | null;
}
