/** Options tried beside the C client: what each does in every spelling, with its further values and conflicts. */
import assert from "node:assert/strict";
import { type ClientKey, settingOf } from "../../cli/options/table.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import type { Difference, Outcome, Row, Setting, Shown } from "./row.ts";
import { tryRows, words } from "./row_beside_c.ts";
import { cClientTest } from "../lab/gate.ts";

export type { Outcome, Row, Setting, Shown };
export { tryRows };

/** One option: what it does in every spelling, and its further rows. */
export interface Trial extends Setting, Outcome, Difference {
  /** Absent for a switch. */
  readonly value?: string;
  /** Another value, which loses when it stands before. */
  readonly earlier?: string;
  /** What the C client says to an empty value; absent where it takes one, mostly as if the option were not there. */
  readonly empty?: RegExp;
  /** What the option needs beside it. */
  readonly beside?: string | readonly string[];
  /** Switches that count how often they are given are tried once. */
  readonly once?: true;
  readonly rows: readonly Row[];
}

/** Trials by the option they are for. */
export type Trials = Readonly<Partial<Record<ClientKey, Trial>>>;

/** Declares one test an option, and one that no option of `table` that the C client has is without. */
export function tryBesideC(table: SettingTable, trials: Trials): void {
  Deno.test(`every option that the C client has is tried: ${Object.keys(table).slice(0, 3).join(", ")}, …`, () => {
    // A long name that the C client does not know stands under `exact`.
    const known = Object.keys(table).filter((key) => table[key]?.option?.long !== undefined);
    assert.deepEqual(Object.keys(trials).toSorted(), known.toSorted());
  });
  for (const [key, trial] of Object.entries(trials) as [ClientKey, Trial][]) {
    cClientTest(`${key} beside the C client: every spelling, its values and its conflicts`, async () => {
      await tryRows([...spellings(key, trial), ...emptyValue(key, trial), ...trial.rows]);
    });
  }
}

/** The trial's own outcome by each name of the option, with its value joined and apart, in a cluster, and repeated. */
export function spellings(key: ClientKey, trial: Trial): Row[] {
  const { rows: _rows, value, earlier, empty: _empty, beside = [], once, ...what } = trial;
  const option = settingOf(key).option;
  const longs = option?.long ?? [];
  // `-b` alone does nothing.
  const clusters = option?.short === undefined ? [] : [`-${option.short}`, `-b${option.short}`];
  const written = value === undefined ? [...clusters, ...longs.map((name) => `--${name}`)].map((name) => [name]) : [
    ...clusters.flatMap((name) => [[name, value], ...(value === "" ? [] : [[`${name}${value}`]])]),
    ...longs.flatMap((name) => [[`--${name}`, value], [`--${name}=${value}`]]),
  ];
  const name = `--${longs[0]}`;
  const repeated = value === undefined
    ? (once ? [] : [[name, name]])
    : earlier === undefined
    ? []
    : [[name, earlier, name, value]];
  return [...written, ...repeated].map((args) => ({ ...what, args: [...words(beside), ...args] }));
}

/** Ours takes no empty value: what was left out of a script must not ask for something else than was meant. */
function emptyValue(key: ClientKey, trial: Trial): Row[] {
  const { value, empty, beside = [], on, files, env, input, service } = trial;
  if (value === undefined) return [];
  const where = Object.fromEntries(Object.entries({ on, files, env, input, service }).filter(([, each]) => each));
  return [{
    ...where,
    args: [...words(beside), `--${settingOf(key).option?.long?.[0]}=`],
    mended: "decision",
    c: empty === undefined ? {} : { code: 1, says: empty },
    own: {
      code: 1,
      says: /expected (?:a value|a number|HOST)|Invalid|must be|Unrecognized|was not found|not compiled/,
    },
  }];
}

/** Rows that both clients refuse with the same fragment. */
export function refused(says: RegExp, ...args: readonly Row["args"][]): Row[] {
  return args.map((each) => ({ args: each, code: 1, says, wording: true }));
}

/** Values of `option` that the C client reads as another number, and ours refuses. */
export function strict(option: string, reads: Readonly<Record<string, Shown>>, says: RegExp): Row[] {
  return Object.entries(reads).map(([value, shows]) => ({
    args: [option, value],
    mended: "decision",
    c: { shows },
    own: { code: 1, says },
  }));
}
