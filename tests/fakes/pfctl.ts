/**
 * A recorder that behaves like pfctl: it takes the arguments and the grammar that fwknopd uses, as strictly, prints rules as
 * pfctl prints them, and fails as it fails. As a program: `deno run pfctl.ts STATE ARGUMENTS`, with its state in that file.
 */
import { parseIp } from "../../lib/net/address.ts";
import { defineTable, isTableName, type PfTables, rootedTable, sweepTables, tableCommand } from "./pf_tables.ts";
import { type Answer, answerOf, type Attempt, runRecorder, ToolFailure, Words } from "./tool.ts";

/** A rule; null: not said. */
export interface PfRule {
  readonly action: "pass" | "block" | "anchor";
  readonly anchor: string | null;
  readonly way: "in" | "out" | null;
  readonly quick: boolean;
  readonly family: "inet" | "inet6" | null;
  readonly proto: string | null;
  readonly from: string;
  readonly to: string;
  readonly port: readonly [number, number] | null;
  readonly label: string | null;
}

/** What is in the kernel, and how this system's pfctl prints it. */
export interface PfState extends PfTables {
  enabled: boolean;
  main: readonly PfRule[];
  anchors: Record<string, readonly PfRule[]>;
  readonly style: "freebsd" | "openbsd";
  /** What was asked, for the test. */
  calls: string[];
}

/** A host with these lines in its pf.conf. */
export function pfState(conf: string, style: PfState["style"] = "freebsd"): PfState {
  return { enabled: true, main: parseConf(conf), anchors: {}, tables: {}, now: null, style, calls: [] };
}

/** Longest label, with its end (PF_RULE_LABEL_SIZE). */
const LABEL_SIZE = 64;
const SERVICES: Readonly<Record<number, string>> = { 22: "ssh", 53: "domain", 80: "http" };

/** What it says to these arguments; changes the state. */
export function pfctl(state: PfState, args: readonly string[], stdin = ""): Answer {
  state.calls.push([...args].join(" "));
  return answerOf(() => {
    const { given: { a: anchor = "", s: show, f: file, F: flush, t: table, T: command }, verbose, rest } = options(
      args,
    );
    const text = file === undefined ? null : file === "-" ? stdin : Deno.readTextFileSync(file);
    if ((table === undefined) !== (command === undefined)) throw usage();
    if (table !== undefined && command !== undefined) {
      if (!isTableName(table)) throw usage();
      return tableCommand(state, { anchor, table, command, verbose, words: rest, file: text }) ?? failUsage();
    }
    if (rest.length > 0) throw usage();
    if (flush !== undefined) return flushed(state, anchor, flush);
    if (text !== null) return loaded(state, anchor, text);
    if (show === undefined) throw usage();
    return shown(state, { anchor, what: show, verbose });
  });
}

function usage(): ToolFailure {
  return new ToolFailure(1, "usage: pfctl [-deghMmNnOPqrSvz] [-a anchor] [-D macro=value] [-F modifier]\n");
}

function failUsage(): never {
  throw usage();
}

/** As getopt reads them: what follows the last option are the words of a command. */
function options(args: readonly string[]): {
  readonly given: Readonly<Record<string, string | undefined>>;
  readonly verbose: boolean;
  readonly rest: readonly string[];
} {
  const given: Record<string, string> = {};
  const left = [...args];
  let verbose = false;
  while (left[0]?.startsWith("-") === true) {
    const [, letter = ""] = /^-([asfFtTvq])$/.exec(left.shift() ?? "") ?? [];
    if (letter === "v") verbose = true;
    if (letter === "v" || letter === "q") continue;
    const value = left.shift();
    if (letter === "" || value === undefined) throw usage();
    given[letter] = value;
  }
  return { given, verbose, rest: left };
}

function rulesOf(state: PfState, anchor: string): readonly PfRule[] {
  if (anchor === "") return state.main;
  const isThere = state.main.some((rule) => rule.anchor === anchor) || state.tables[anchor] !== undefined ||
    Object.keys(state.anchors).some((name) => name.startsWith(`${anchor}/`));
  const rules = state.anchors[anchor] ?? (isThere ? [] : null);
  if (rules === null) throw new ToolFailure(1, "pfctl: DIOCGETRULES: Invalid argument\n");
  return rules;
}

function shown(
  state: PfState,
  { anchor, what, verbose }: { readonly anchor: string; readonly what: string; readonly verbose: boolean },
): string {
  if (what === "info") return `Status: ${state.enabled ? "Enabled for 0 days 00:00:07" : "Disabled"}\n\nCounters\n`;
  if (what === "Anchors") {
    return [...new Set(state.main.flatMap((rule) => rule.anchor ?? []))].map((n) => `  ${n}\n`).join("");
  }
  if (what === "Tables") return Object.keys(state.tables[anchor] ?? {}).map((name) => `${name}\n`).join("");
  if (what !== "rules") throw new ToolFailure(1, `pfctl: Unknown show modifier '${what}'\n`);
  return rulesOf(state, anchor).map((rule) => {
    const text = printed(rule, state.style);
    const counters = "  [ Evaluations: 0         Packets: 0         Bytes: 0           States: 0     ]\n";
    return verbose ? `${countEntries(state, anchor, text)}\n${counters}` : `${text}\n`;
  }).join("");
}

function countEntries(state: PfState, anchor: string, text: string): string {
  return text.replace(/<([^<>]+)>/g, (_, name: string) => {
    const table = rootedTable(state, anchor, name);
    return `<${name}:${table === null ? "*" : Object.keys(table.entries).length}>`;
  });
}

function flushed(state: PfState, anchor: string, what: string): string {
  if (what !== "rules" && what !== "Tables" && what !== "all") {
    throw new ToolFailure(1, `pfctl: Unknown flush modifier '${what}'\n`);
  }
  if (what !== "Tables") putRules(state, anchor, []);
  if (what !== "rules") delete state.tables[anchor];
  return "";
}

/** Tables of the anchor that no rule of it names any more go with the rules, but for those that persist. */
function putRules(state: PfState, anchor: string, rules: readonly PfRule[]): void {
  if (anchor === "") state.main = rules;
  else if (rules.length > 0) state.anchors[anchor] = rules;
  else delete state.anchors[anchor];
  sweepTables(state, anchor, new Set(rules.flatMap(({ from, to }) => [from, to])));
}

/** All or nothing, as a transaction of pf is. */
function loaded(state: PfState, anchor: string, text: string): string {
  const tables: (() => void)[] = [];
  const rules = parseConf(text, (line, index) => tables.push(defineTable(state, anchor, line) ?? failSyntax(index)));
  for (const define of tables) define();
  putRules(state, anchor, rules);
  return "";
}

function failSyntax(line: number): never {
  throw syntaxError(line);
}

function parseConf(
  text: string,
  table = (_line: string, index: number): unknown => failSyntax(index),
): readonly PfRule[] {
  if (text !== "" && !text.endsWith("\n")) throw syntaxError(text.split("\n").length);
  return text.split("\n").slice(0, -1).flatMap((line, index) => {
    const bare = line.replace(/#.*/, "").trim();
    if (!/^table\b/.test(bare)) return bare === "" ? [] : [parseRule(bare, index + 1)];
    table(bare, index + 1);
    return [];
  });
}

function syntaxError(line: number): ToolFailure {
  return new ToolFailure(
    1,
    `stdin:${line}: syntax error\npfctl: Syntax error in config file: pf rules not loaded\n`,
  );
}

function parseRule(text: string, line: number): PfRule {
  const words = new Words(text.match(/"[^"]*"|[^\s"]+/g) ?? [], () => syntaxError(line));
  const action = words.take(/^(?:pass|block|anchor)$/) as PfRule["action"];
  if (action === "block") words.maybe("drop", "return");
  const anchor = action === "anchor" ? words.take(/^"[^"]+"$/).slice(1, -1) : null;
  const way = words.maybe("in", "out") as PfRule["way"];
  words.maybe("log");
  const quick = words.maybe("quick") !== null;
  const family = words.maybe("inet", "inet6") as PfRule["family"];
  const proto = words.maybe("proto") === null ? null : words.take(/^(?:tcp|udp|icmp)$/);
  const ends = endsOf(words);
  if (words.maybe("flags") !== null) words.take("S/SA");
  if (words.maybe("keep", "no") !== null) words.take("state");
  const label = words.maybe("label") === null ? null : words.take(/^"[^"]*"$/).slice(1, -1);
  words.end();
  if (label !== null && label.length >= LABEL_SIZE) throw syntaxError(line);
  if (ends.port !== null && proto === null) throw syntaxError(line);
  for (const host of [ends.from, ends.to]) {
    if (/^</.test(host) && !isTableName(host.slice(1, -1))) throw syntaxError(line);
    const ip = host === "any" || host.startsWith("<") ? null : parseIp(host);
    if (ip !== null && (!ip.ok || (family === "inet6") !== (ip.value.family === 6))) throw syntaxError(line);
  }
  return { action, anchor, way, quick, family, proto, ...ends, label };
}

function endsOf(words: Words): Pick<PfRule, "from" | "to" | "port"> {
  if (words.maybe("all") !== null || words.isEmpty) return { from: "any", to: "any", port: null };
  words.take("from");
  const from = words.take(/./);
  words.take("to");
  const to = words.take(/./);
  if (words.maybe("port") === null) return { from, to, port: null };
  words.maybe("=");
  const text = words.take(/^(?:[0-9]{1,5}(?::[0-9]{1,5})?|[a-z]+)$/);
  const named = Object.entries(SERVICES).find(([, name]) => name === text)?.[0];
  const [first, last = -1] = (named ?? text).split(":").map(Number);
  if (first === undefined || Number.isNaN(first) || Math.max(first, last) > 65_535) throw words.failure();
  return { from, to, port: [first, last] };
}

/** As `pfctl -s rules` prints it. */
function printed(rule: PfRule, style: PfState["style"]): string {
  const { action, anchor, way, quick, family, proto, from, to, port, label } = rule;
  const words: (string | null)[] = [action === "block" ? "block drop" : action];
  words.push(anchor === null ? null : `"${anchor}"`, way, quick ? "quick" : null, family, proto && `proto ${proto}`);
  words.push(from === "any" && to === "any" && port === null ? "all" : `from ${from} to ${to}`);
  words.push(port === null ? null : `port ${printedPort(port, style)}`);
  if (action === "pass" && proto !== "udp") words.push("flags S/SA");
  if (action === "pass" && style === "freebsd") words.push("keep state");
  words.push(label === null ? null : `label "${label}"`);
  return words.filter((word) => word !== null).join(" ");
}

function printedPort([first, last]: readonly [number, number], style: PfState["style"]): string {
  if (last >= 0) return `${first}:${last}`;
  return `= ${style === "freebsd" ? SERVICES[first] ?? first : first}`;
}

/** Whether a new connection gets in: the last rule that matches counts, or the first with `quick`. */
export function pfAdmits(state: PfState, attempt: Attempt): boolean {
  return !state.enabled || (verdictOf(state, "", attempt)?.pass ?? true);
}

function verdictOf(
  state: PfState,
  anchor: string,
  attempt: Attempt,
): { readonly pass: boolean; readonly quick: boolean } | null {
  let verdict: { readonly pass: boolean; readonly quick: boolean } | null = null;
  for (const rule of anchor === "" ? state.main : state.anchors[anchor] ?? []) {
    const isIn = (host: string, address: string) =>
      host.startsWith("<")
        ? Object.hasOwn(rootedTable(state, anchor, host.slice(1, -1))?.entries ?? {}, address)
        : host === "any" || host === address;
    if (!matches(rule, attempt, isIn)) continue;
    const found = rule.anchor === null
      ? { pass: rule.action === "pass", quick: rule.quick }
      : verdictOf(state, rule.anchor, attempt);
    verdict = found ?? verdict;
    if (verdict?.quick === true) return verdict;
  }
  return verdict;
}

function matches(
  { way, family, proto, from, to, port }: PfRule,
  attempt: Attempt,
  isIn: (host: string, address: string) => boolean,
): boolean {
  const is6 = attempt.source.includes(":");
  if (way === "out" || (family !== null && (family === "inet6") !== is6)) return false;
  if (proto !== null && proto !== attempt.proto) return false;
  if (!isIn(from, attempt.source) || !isIn(to, attempt.destination)) return false;
  if (port === null) return true;
  return attempt.port >= port[0] && attempt.port <= (port[1] < 0 ? port[0] : port[1]);
}

if (import.meta.main) runRecorder(pfctl, Deno.args);
