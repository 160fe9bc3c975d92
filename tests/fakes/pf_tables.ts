/**
 * The tables of the recorder of pfctl: what `pfctl -T` does and prints, where a table comes from and when it goes. A table of
 * an anchor that is not there has the entries of the one of that name in the main ruleset, as in pf.
 */
import { parseIp } from "../../lib/net/address.ts";
import { ToolFailure } from "./tool.ts";

/** A table; when each entry was added, in Unix seconds. */
export interface PfTable {
  readonly persist: boolean;
  entries: Record<string, number>;
}

/** The tables in the kernel, by anchor and name, and its clock; null: that of this machine. */
export interface PfTables {
  tables: Record<string, Record<string, PfTable>>;
  now: number | null;
}

/** Longest name of a table, with its end (PF_TABLE_NAME_SIZE). */
const NAME_SIZE = 32;

/** Whether pfctl reads it as the name of a table. */
export function isTableName(name: string): boolean {
  return name.length < NAME_SIZE && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name);
}

/** The table that a rule in the anchor means; null where there is none. */
export function rootedTable({ tables }: PfTables, anchor: string, name: string): PfTable | null {
  return tables[anchor]?.[name] ?? tables[""]?.[name] ?? null;
}

/** Rules of the anchor were exchanged: `named` are those that they name, in brackets. */
export function sweepTables({ tables }: PfTables, anchor: string, named: ReadonlySet<string>): void {
  for (const [name, { persist }] of Object.entries(tables[anchor] ?? {})) {
    if (!persist && !named.has(`<${name}>`)) dropTable(tables, anchor, name);
  }
}

function dropTable(tables: PfTables["tables"], anchor: string, name: string): void {
  delete tables[anchor]?.[name];
  if (Object.keys(tables[anchor] ?? {}).length === 0) delete tables[anchor];
}

function putTable(state: PfTables, anchor: string, name: string, table: PfTable): PfTable {
  return (state.tables[anchor] ??= {})[name] = table;
}

function nowOf({ now }: PfTables): number {
  return now ?? Math.floor(Date.now() / 1000);
}

/**
 * What a line `table <name> persist { … }` will do when all of the file is read; null where it is none. Without brackets the
 * entries stay as they are; with them those that were there keep their time.
 */
export function defineTable(state: PfTables, anchor: string, line: string): (() => void) | null {
  const [, name = "", persist, list] = /^table <([^<>]*)>( persist)?(?: \{([^{}]*)\})?$/.exec(line) ?? [];
  const words = list?.split(/[\s,]+/).filter((word) => word !== "");
  if (!isTableName(name) || words?.every((word) => hostOf(word) !== null) === false) return null;
  return () => {
    const before = state.tables[anchor]?.[name]?.entries ?? {};
    const entries = words === undefined ? before : withAdded({}, words, (text) => before[text] ?? nowOf(state));
    putTable(state, anchor, name, { persist: persist !== undefined, entries });
  };
}

/** An address or a network, as pfctl prints it: without the width of one address, `!` before what is excepted. */
function hostOf(word: string): string | null {
  const [, not = "", address = "", width] = /^(!?)([^/!]+)(?:\/([0-9]{1,3}))?$/.exec(word) ?? [];
  const ip = parseIp(address);
  if (!ip.ok) return null;
  const bits = ip.value.bytes.length * 8;
  if (width !== undefined && Number(width) > bits) return null;
  return not + ip.value.text + (width === undefined || Number(width) === bits ? "" : `/${width}`);
}

function withAdded(
  entries: Readonly<Record<string, number>>,
  words: readonly string[],
  since: (text: string) => number,
): Record<string, number> {
  const all = { ...entries };
  for (const word of words) {
    const text = hostOf(word);
    if (text !== null) all[text] ??= since(text);
  }
  return all;
}

/** `pfctl -a ANCHOR -t TABLE -T COMMAND WORDS`. */
export interface TableCommand {
  readonly anchor: string;
  readonly table: string;
  readonly command: string;
  readonly verbose: boolean;
  readonly words: readonly string[];
  /** What stands in the file of `-f`; null: there is none. */
  readonly file: string | null;
}

/** Does it; null where pfctl would tell its usage. A table that is not there is made by what adds, and stays. */
export function tableCommand(state: PfTables, given: TableCommand): string | null {
  const { anchor, table: name, command, words } = given;
  const known = state.tables[anchor]?.[name] ?? null;
  if (command === "add" || command === "replace") {
    const hosts = readHosts(given);
    const table = known ?? putTable(state, anchor, name, { persist: true, entries: {} });
    const kept = command === "add" ? table.entries : {};
    table.entries = withAdded(kept, hosts, (text) => table.entries[text] ?? nowOf(state));
    return "";
  }
  const work = COMMANDS[command];
  if (work === undefined || work.takesHosts !== (words.length > 0 || given.file !== null)) return null;
  const hosts = work.takesHosts && command !== "expire" ? readHosts(given) : words;
  if (known === null) throw new ToolFailure(255, "pfctl: Table does not exist.\n");
  return work.run(known, {
    ...given,
    words: hosts,
    now: nowOf(state),
    drop: () => dropTable(state.tables, anchor, name),
  });
}

function readHosts({ words, file }: TableCommand): readonly string[] {
  const all = [...words, ...(file ?? "").replaceAll(/#.*/g, "").split(/\s+/)].filter((word) => word !== "");
  return all.map((word) => {
    const host = hostOf(word);
    if (host === null) throw new ToolFailure(255, `no IP address found for ${word}\npfctl: cannot decode ${word}\n`);
    return host;
  });
}

interface Work {
  readonly takesHosts: boolean;
  run(
    table: PfTable,
    given: TableCommand & { readonly now: number; readonly drop: () => void },
  ): string;
}

const COMMANDS: Readonly<Record<string, Work | undefined>> = {
  delete: {
    takesHosts: true,
    run: (table, { words }) => keep(table, (text) => !words.includes(text)),
  },
  expire: {
    takesHosts: true,
    run(table, { words: [text = "", more], now }) {
      if (!/^[0-9]{1,10}$/.test(text) || more !== undefined) throw new ToolFailure(1, "pfctl: expiry time: invalid\n");
      return keep(table, (_, since) => now - since <= Number(text));
    },
  },
  flush: { takesHosts: false, run: (table) => keep(table, () => false) },
  kill: {
    takesHosts: false,
    run(_table, { drop }) {
      drop();
      return "";
    },
  },
  show: {
    takesHosts: false,
    run: ({ entries }, { verbose }) =>
      Object.entries(entries).map(([text, since]) => printed(text) + (verbose ? counters(since) : "")).join(""),
  },
};

function keep(table: PfTable, isKept: (text: string, since: number) => boolean): string {
  table.entries = Object.fromEntries(Object.entries(table.entries).filter(([text, since]) => isKept(text, since)));
  return "";
}

function printed(text: string): string {
  return `  ${text.startsWith("!") ? "" : " "}${text}\n`;
}

/** The time as ctime writes it, here in UTC, and what came and went. */
function counters(since: number): string {
  const [, day, date, month, year, time] = /^(\w+), 0?([0-9]+) (\w+) ([0-9]+) (\S+)/.exec(
    new Date(since * 1000).toUTCString(),
  ) ?? [];
  const rows = ["In/Block:", "In/Pass:", "Out/Block:", "Out/Pass:"].map((what) =>
    `\t${what.padEnd(12)} [ Packets: ${"0".padEnd(18)} Bytes: ${"0".padEnd(18)} ]\n`
  );
  return `\tCleared:     ${day} ${month} ${(date ?? "").padStart(2)} ${time} ${year}\n${rows.join("")}`;
}
