/**
 * Lines for `ipfw -q /dev/stdin`, worked out from what is there: a listing and wishes in, lines out. They are made of
 * numbers, addresses and names of our tables only. Pure.
 */
import type { Grant } from "../firewall.ts";
import type { Rule } from "./rules.ts";
import type { IpfwConfig } from "./settings.ts";
import { doorOf, type InputAccess, type TableEntry, tableName } from "./tables.ts";

/** What ipfw holds. */
export interface View {
  readonly rules: readonly Rule[];
  readonly tables: ReadonlyMap<string, readonly TableEntry[]>;
}

/** A grant as it stands there: an entry of a table, or a rule that somebody else gave an end. */
export interface ListedEntry extends Grant {
  readonly in: { readonly table: string } | { readonly rule: Rule };
}

/** The numbers and sets of the rules. */
export type Numbers = Pick<IpfwConfig, "start" | "end" | "activeSet" | "expireSet">;

/** The grants that are open: of tables whose rule counts, and rules of our set that have an end. */
export function grantsOf({ rules, tables }: View, { activeSet }: Numbers): readonly ListedEntry[] {
  const active = rules.filter(({ set, disabled }) => set === activeSet && !disabled);
  const entries = [...tables].flatMap(([table, sources]): readonly ListedEntry[] => {
    const door = doorOf(table);
    if (door === null || !active.some((rule) => rule.table === table)) return [];
    return sources.map(({ source, expiresAt }) => ({
      access: { slot: "input", source, destination: door.destination, service: door.service },
      expiresAt,
      in: { table },
    }));
  });
  const foreign = active.flatMap((rule): readonly ListedEntry[] => {
    if (rule.expiresAt === null || rule.table !== null) return [];
    const family = rule.text.includes(":") ? 6 : 4;
    const place = { table: `set ${activeSet}`, chain: String(rule.number) };
    return [{
      access: { slot: "foreign", family, ...place, rule: rule.text },
      expiresAt: rule.expiresAt,
      in: { rule },
    }];
  });
  return [...entries, ...foreign];
}

/** A change as lines; `unnumbered`: grants for which no number was left. */
export interface Plan {
  readonly lines: readonly string[];
  readonly unnumbered: readonly Grant[];
}

/** Opens and closes. */
export function planChange(
  view: View,
  { open, close }: { readonly open: readonly Grant[]; readonly close: readonly ListedEntry[] },
  numbers: Numbers,
): Plan {
  const lines: string[] = [];
  const unnumbered: Grant[] = [];
  const opened = Map.groupBy(open.filter(isInput), ({ access }) => tableName(access));
  const free = freeNumbers(view.rules, numbers);
  for (const [table, grants] of opened) {
    const rule = ruleLines(view, { table, numbers, free });
    if (rule === null) {
      unnumbered.push(...grants);
      continue;
    }
    const entries = grants.map(({ access, expiresAt }) => `table ${table} add ${access.source.text} ${expiresAt}`);
    // The rule comes last: with it the door is open.
    lines.push(...rule.before, ...entries, ...rule.after);
  }
  return { lines: [...lines, ...closingLines(view, close, { numbers, opened })], unnumbered };
}

function isInput(grant: Grant): grant is Grant & { readonly access: InputAccess } {
  return grant.access.slot === "input";
}

/** What a table and its rule need before the entries and after them; null where no number is left. */
function ruleLines(
  { rules, tables }: View,
  { table, numbers, free }: { readonly table: string; readonly numbers: Numbers; readonly free: Iterator<number> },
): { readonly before: readonly string[]; readonly after: readonly string[] } | null {
  const { activeSet, expireSet } = numbers;
  const own = rules.filter((rule) => rule.table === table);
  const active = own.find(({ set }) => set === activeSet);
  if (active !== undefined) {
    return { before: tables.has(table) ? [] : [`table ${table} create type addr`], after: enabling(active, activeSet) };
  }
  // What is left in it was opened by nobody who is known.
  const before = [tables.has(table) ? `table ${table} flush` : `table ${table} create type addr`];
  const retired = expireSet === 0 ? undefined : own.find(({ set }) => set === expireSet);
  if (retired !== undefined) return { before, after: [`set move rule ${retired.number} to ${activeSet}`] };
  const { done, value } = free.next();
  return done ? null : { before, after: [`add ${value} set ${activeSet} ${ruleText(table)}`] };
}

function enabling({ disabled }: Rule, activeSet: number): readonly string[] {
  return disabled ? [`set enable ${activeSet}`] : [];
}

/** The rule of a table, as ipfw reads it. A `setup` matches TCP only. */
function ruleText(table: string): string {
  const door = doorOf(table);
  if (door === null) throw new RangeError(`"table" expected the name of one of ours, got "${table}"`);
  const { service: { proto, port }, destination } = door;
  const setup = proto === "tcp" ? "setup " : "";
  return `pass ${proto} from table(${table}) to ${destination?.text ?? "me"} dst-port ${port} ${setup}keep-state`;
}

/** The lowest numbers that no rule has, of whatever set: one number means one rule. */
function* freeNumbers(rules: readonly Rule[], { start, end }: Numbers): Generator<number, undefined> {
  const taken = new Set(rules.map(({ number }) => number));
  for (let number = start; number <= end; number++) if (!taken.has(number)) yield number;
}

function closingLines(
  { rules, tables }: View,
  close: readonly ListedEntry[],
  { numbers, opened }: { readonly numbers: Numbers; readonly opened: ReadonlyMap<string, readonly Grant[]> },
): readonly string[] {
  const lines: string[] = [];
  const left = new Map([...tables].map(([name, entries]) => [name, new Set(entries.map(({ source }) => source.text))]));
  for (const { access, in: place } of close) {
    if ("rule" in place) lines.push(...retiring(place.rule, numbers));
    else if (access.slot === "input") {
      // An entry that is opened anew has its new end already.
      if (opened.get(place.table)?.some((grant) => isSameSource(grant, access)) === true) continue;
      lines.push(`table ${place.table} delete ${access.source.text}`);
      left.get(place.table)?.delete(access.source.text);
    }
  }
  for (const [table, sources] of left) {
    const rule = rules.find((one) => one.table === table && one.set === numbers.activeSet);
    if (sources.size > 0 || opened.has(table) || rule === undefined) continue;
    lines.push(...retiring(rule, numbers), ...(numbers.expireSet === 0 ? [`table ${table} destroy`] : []));
  }
  return lines;
}

function isSameSource(grant: Grant, { source }: InputAccess): boolean {
  return isInput(grant) && grant.access.source.text === source.text;
}

/** In the set of expired rules nobody is let in by it any more, and the connections that were live on. */
function retiring({ number }: Rule, { activeSet, expireSet }: Numbers): readonly string[] {
  return [expireSet === 0 ? `set ${activeSet} delete ${number}` : `set move rule ${number} to ${expireSet}`];
}

/** Takes away what is expired and has no connections any more. */
export function planPurge({ rules, tables }: View, dynamic: ReadonlySet<number>, numbers: Numbers): readonly string[] {
  if (numbers.expireSet === 0) return [];
  return rules
    .filter(({ set, number, table, expiresAt }) =>
      set === numbers.expireSet && !dynamic.has(number) && (table !== null || expiresAt !== null)
    )
    .flatMap(({ number, table }) => [
      `set ${numbers.expireSet} delete ${number}`,
      ...(table !== null && tables.has(table) ? [`table ${table} destroy`] : []),
    ]);
}

/** Takes away what is ours, but for expired rules by which connections are open. Our set holds nothing else. */
export function planCleanup(view: View, dynamic: ReadonlySet<number>, numbers: Numbers): readonly string[] {
  const { activeSet, expireSet } = numbers;
  const rest = view.rules.filter(({ set }) => set !== activeSet);
  const purge = planPurge({ ...view, rules: rest }, dynamic, numbers);
  const expired = new Set(rest.filter(({ set }) => set === expireSet).map(({ table }) => table));
  return [
    ...(rest.length < view.rules.length ? [`delete set ${activeSet}`] : []),
    ...purge,
    ...[...view.tables.keys()].filter((table) => !expired.has(table)).map((table) => `table ${table} destroy`),
    ...[...view.tables].flatMap(([table, { length }]) =>
      length > 0 && expired.has(table) && !purge.includes(`table ${table} destroy`) ? [`table ${table} flush`] : []
    ),
  ];
}

/** The sets as they must be, and the check-state rule where one is wanted. */
export function planSetUp(
  { rules }: View,
  { activeSet, expireSet, start, end, checkState }: Numbers & Pick<IpfwConfig, "checkState">,
): readonly string[] {
  const has = rules.some(({ set, text }) => set === activeSet && text.startsWith("check-state"));
  const number = freeNumbers(rules, { activeSet, expireSet, start, end }).next();
  return [
    `set enable ${activeSet}`,
    ...(expireSet === 0 ? [] : [`set disable ${expireSet}`]),
    ...(checkState && !has && !number.done ? [`add ${number.value} set ${activeSet} check-state`] : []),
  ];
}
