/** What a row is: arguments for both clients, and what they do with them. */
import { ACCESS, KEY, REHEARSE } from "./side_by_side.ts";

const ALONE = ["--no-rc-file", "--no-save-args"];

/** What stands before the arguments of a row. */
export const BASES = {
  /** A rehearsal that is complete without the row. */
  request: [...REHEARSE, ...ACCESS, ...KEY],
  /** The same without an access request and without an address to let in. */
  open: [...REHEARSE, ...KEY],
  /** A rehearsal without keys. */
  keyless: [...REHEARSE, ...ACCESS],
  /** A knock at a port on which nobody listens. */
  send: [...ALONE, "-D", "127.0.0.1", "-p", "{closed}", "-U", "alice", ...ACCESS, ...KEY],
  alone: ALONE,
  bare: [],
} as const;

/** Values of the lines `LABEL: VALUE` on standard output; `offset` is how far the time stamp is from now. */
export type Shown = Readonly<Record<string, string | RegExp>>;

/** What a client does. */
export interface Outcome {
  /** 0 unless given. */
  readonly code?: 0 | 1;
  readonly shows?: Shown;
  /** On standard output. */
  readonly prints?: RegExp;
  /** On standard error. */
  readonly says?: RegExp;
  /** What the socket of `listens` received, WIRE for the packet, and from which port: the one of `{free}`, or one of the system's. */
  readonly receives?: RegExp;
  readonly from?: "free" | "system";
  /** Keys that the packet of the dump opens with. */
  readonly opens?: { readonly key: string; readonly hmac?: string };
  /** Files below the home directory afterwards: what they hold, and their mode; null: there is none. */
  readonly writes?: Readonly<Record<string, readonly [holds: RegExp, mode: number] | null>>;
}

/** Where and with what a row runs. */
export interface Setting {
  /** `request` unless given. */
  readonly on?: keyof typeof BASES;
  /** Files of the home directory, mode 0600; programs, which begin with `#!`, 0700. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Who takes what is sent to port `{closed}` of 127.0.0.1; ours really sends then. */
  readonly listens?: "udp" | "tcp";
  /** Ours really sends, as it does for `listens`. */
  readonly sends?: true;
  /** `{service}` is then HOST:PORT of a web server that tells the address 203.0.113.9. */
  readonly service?: true;
  /** Standard input; ours is a process of its own then. */
  readonly input?: string;
  /** The clients word their output each in its own way: only what the row names is compared. */
  readonly wording?: true;
  /** Labels whose values are drawn anew for every run. */
  readonly drawn?: readonly string[];
}

/** What is not the same in both clients. */
export interface Difference {
  /** The point of docs/COMPATIBILITY.md, `decision` (docs/facts/decisions.md), or `2.6.11`. */
  readonly mended?: string;
  readonly c?: Outcome;
  readonly own?: Outcome;
}

/** Arguments and what they do; where `mended` says why, each client does its own. `{home}` is the home directory. */
export interface Row extends Setting, Outcome, Difference {
  readonly args: string | readonly string[];
}
