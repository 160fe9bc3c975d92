/**
 * Directives of `.fwknoprc` tried beside the C client. From the one value of a trial come the rows that every directive
 * has: in `[default]`, in a named stanza over `[default]`, as the later of two lines, under the command line, and empty.
 */
import type { Difference, Outcome, Row, Setting } from "./row.ts";
import { tryRows } from "./row_beside_c.ts";

/** What a stanza says besides, unless the trial says otherwise. */
const BASE = {
  SPA_SERVER: "127.0.0.1",
  ACCESS: "tcp/22",
  ALLOW_IP: "192.0.2.10",
  KEY: "basekey",
  SPOOF_USER: "alice",
} as const;

/** Lines of a stanza and what they do. */
export interface Lines extends Omit<Setting, "on">, Outcome, Difference {
  /** Lines of the named stanza; those of the base stand in `[default]`. */
  readonly lines: string;
  /** Lines of `[default]`, after those of the base. */
  readonly before?: string;
  /** Further arguments. */
  readonly args?: string;
  /** Names of the base that this trial or row is without. */
  readonly without?: readonly (keyof typeof BASE)[];
  /** What is run; a rehearsal with the dump unless given. Without -E no arguments are saved. */
  readonly run?: string;
}

/** One directive: a value and what it does, and its further rows. */
export interface Trial extends Omit<Lines, "lines" | "before" | "args"> {
  readonly value: string;
  /** Another value, which loses. */
  readonly other: string;
  /** Lines that it needs beside it. */
  readonly beside?: string;
  /** The option that overrides it, and what that does; absent where there is none. */
  readonly option?: Partial<Lines>;
  readonly rows?: readonly Lines[];
}

/** Trials by the name of the directive. */
export type Trials = Readonly<Record<string, Trial>>;

/** Says nothing in C; ours warns. */
const PASSED_OVER: Pick<Row, "says" | "own"> = { says: /^$/, own: { says: /passed over, as in the C client/ } };

/** Tries one directive. */
export async function tryDirective(name: string, trial: Trial): Promise<void> {
  await tryRows(rowsOf(name, trial));
}

/** All rows of a trial. */
export function rowsOf(name: string, trial: Trial): Row[] {
  const { value, other, beside = "", option, rows = [], ...rest } = trial;
  const also = beside === "" ? "" : `\n${beside}`;
  const line = (value: string) => `${name} ${value}${also}`;
  const without = [...rest.without ?? [], ...(name in BASE ? [name as keyof typeof BASE] : [])];
  const setting = settingOf(rest);
  const empty = [name, `${name} `, `${name}:`, `${name} # nothing`].map((lines): Lines => ({
    ...setting,
    lines,
    code: 1,
    says: /Invalid entry/,
  }));
  const all: readonly Lines[] = [
    { ...rest, before: line(value), lines: "" },
    { ...rest, before: line(other), lines: line(value) },
    { ...rest, lines: `${name} ${other}\n${line(value)}` },
    ...(option === undefined ? [] : [{ ...setting, lines: line(value), ...option }]),
    ...empty,
    ...rows.map((row) => ({ ...setting, ...row })),
  ];
  return all.map((each) => rowOf(each, each.without ?? without));
}

/** A directive that is on after `Y` and `y` alone. */
export function switchTrial(
  name: string,
  parts: Omit<Trial, "value" | "other" | "option"> & {
    readonly on: Outcome & Pick<Setting, "drawn">;
    readonly off: Outcome;
    /** The option that switches it on. */
    readonly switchedBy?: string;
    /** Whether on and off can be told apart here. */
    readonly idle?: true;
  },
): Trial {
  const { on, off, switchedBy, idle, rows = [], beside = "", ...rest } = parts;
  const say = (value: string) => `${name} ${value}\n${beside}`;
  return {
    ...rest,
    ...on,
    beside,
    value: "Y",
    other: "N",
    ...(switchedBy === undefined ? {} : { option: { ...rest, ...on, before: "", lines: say("N"), args: switchedBy } }),
    rows: [
      { ...rest, ...on, lines: say("y") },
      { ...rest, ...off, lines: beside },
      ...["N", "n"].map((value) => ({ ...rest, ...off, lines: say(value) })),
      ...["Yes", "true", "1", "0", "X"].map((value) => ({ ...rest, ...off, ...withWarning(off), lines: say(value) })),
      // Every other word leaves what was said before.
      { ...rest, ...on, ...withWarning(on), before: `${name} Y`, lines: say("off") },
      ...(idle
        ? [{ ...rest, ...off, before: `${name} Y`, lines: say("N") }]
        : [{ ...rest, before: `${name} Y`, lines: say("N"), mended: "F9", c: on, own: off }]),
      ...rows,
    ],
  };
}

function withWarning(outcome: Outcome): Pick<Row, "says" | "own" | "wording"> {
  if (outcome.says === undefined) return PASSED_OVER;
  // Where both refuse, the warning stands before the refusal.
  return { says: outcome.says, own: { says: /passed over, as in the C client/ }, wording: true };
}

/** What of a trial holds for its further rows too. */
function settingOf(trial: Omit<Trial, "value" | "other">): Omit<Setting, "on"> & Pick<Lines, "run" | "without"> {
  const { files, env, listens, sends, service, input, run, without } = trial;
  const said = { files, env, listens, sends, service, input, run, without };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function rowOf(row: Lines, without: readonly string[]): Row {
  const { lines, before = "", args = "", run = "-T -v", without: _, files, ...outcome } = row;
  const base = Object.entries(BASE).filter(([name]) => !without.includes(name)).map(([name, value]) =>
    `${name} ${value}\n`
  );
  const all = run.includes("-E") ? run : `--no-save-args ${run}`;
  const rc = `[default]\n${base.join("")}${before}\n[gw]\n${lines}\n`;
  return {
    ...outcome,
    on: "bare",
    files: { ...files, rc },
    args: `--rc-file {home}/rc -n gw ${all} ${args}`.split(" ").filter((word) => word !== ""),
  };
}
