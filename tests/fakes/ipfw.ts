/**
 * A recorder that behaves like ipfw of FreeBSD 11 and later: it takes the arguments and the grammar that fwknopd uses, as
 * strictly, prints rules and tables as ipfw prints them, and fails as it fails. As a program: `deno run ipfw.ts STATE ARGUMENTS`.
 */
import { parseIp } from "../../lib/net/address.ts";
import { type Answer, answerOf, type Attempt, runRecorder, ToolFailure, Words } from "./tool.ts";

/** A rule; `body` is what stands after its number and set, as it is printed. */
export interface IpfwRule {
  readonly number: number;
  set: number;
  readonly body: string;
}

/** What is in the kernel. */
export interface IpfwState {
  rules: IpfwRule[];
  /** Sources and values, by the name of the table. */
  readonly tables: Record<string, Record<string, number>>;
  disabled: number[];
  /** Numbers of rules by which connections are open. */
  dynamic: number[];
  /** What was asked, for the test. */
  calls: string[];
}

/** EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_OSERR of sysexits.h. */
const USAGE = 64, DATA = 65, UNAVAILABLE = 69, SYSTEM = 71;
const LAST = 65_535;

/** A host with these rules, such as `500 deny ip from any to any`, and the kernel's own. */
export function ipfwState(...rules: readonly string[]): IpfwState {
  const state: IpfwState = { rules: [], tables: {}, disabled: [], dynamic: [], calls: [] };
  state.rules.push({ number: LAST, set: 31, body: "deny ip from any to any" });
  for (const rule of rules) add(state, rule.split(" "));
  return state;
}

/** How it is asked. */
interface Flags {
  readonly quiet: boolean;
  readonly sets: boolean;
  readonly dynamic: boolean;
}

/** What it says to these arguments; changes the state. */
export function ipfw(state: IpfwState, args: readonly string[], stdin = ""): Answer {
  state.calls.push(args.join(" "));
  const options = args.filter((word) => word.startsWith("-"));
  const flags: Flags = {
    quiet: options.includes("-q"),
    sets: options.includes("-S"),
    dynamic: options.includes("-d"),
  };
  const rest = args.slice(options.length);
  return answerOf(() => {
    if (options.some((option) => !/^-[qSdtT]$/.test(option)) || args[0] === undefined) {
      throw failed(USAGE, "usage: ipfw");
    }
    if (rest[0] === "/dev/stdin") return readFile(state, stdin, flags);
    return command(state, rest, flags);
  });
}

function failed(code: number, text: string, program = "ipfw"): ToolFailure {
  return new ToolFailure(code, `${program}: ${text}\n`);
}

/** One line after the other: what was done before a failure stays. */
function readFile(state: IpfwState, text: string, flags: Flags): string {
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/, "").split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    state.calls.push(line);
    try {
      command(state, words, flags);
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      throw new ToolFailure(error.code, error.stderr.replace(/^ipfw/, `Line ${index + 1}`));
    }
  }
  return "";
}

function command(state: IpfwState, [verb = "", ...words]: readonly string[], flags: Flags): string {
  if (verb === "list") return listed(state, null, flags);
  if (verb === "add") return add(state, words);
  if (verb === "delete") return remove(state, words, flags);
  if (verb === "set") return sets(state, words, flags);
  if (verb === "table") return table(state, words, flags);
  throw failed(USAGE, `bad command \`${verb}'`);
}

function numberOf(word: string | undefined, most: number): number {
  if (word === undefined || !/^[0-9]+$/.test(word) || Number(word) > most) {
    throw failed(DATA, `invalid number ${word ?? ""}`);
  }
  return Number(word);
}

function add(state: IpfwState, [first, ...more]: readonly string[]): string {
  const number = numberOf(first, LAST - 1);
  const hasSet = more[0] === "set";
  const set = hasSet ? numberOf(more[1], 30) : 0;
  const body = bodyOf(state, more.slice(hasSet ? 2 : 0));
  state.rules = [...state.rules, { number, set, body }].sort((a, b) => a.number - b.number);
  return "";
}

/** Reads a rule as strictly as ipfw, and gives it as ipfw prints it. */
function bodyOf(state: IpfwState, given: readonly string[]): string {
  const words = new Words(given, () => failed(DATA, `unrecognised option in ${given.join(" ")}`));
  const action = words.take(/^(?:pass|allow|deny|check-state|skipto)$/);
  if (action === "check-state") return words.end(), "check-state :default";
  const to = action === "skipto" ? ` ${words.take(/^[0-9]+$/)}` : "";
  const proto = words.take(/^(?:ip|tcp|udp)$/);
  words.take("from");
  const source = words.take(/^(?:any|table\([a-z0-9_]+\)|[0-9a-f.:]+)$/);
  words.take("to");
  const target = words.take(/^(?:any|me|[0-9a-f.:]+)$/);
  const port = words.maybe("dst-port") === null ? "" : ` dst-port ${words.take(/^[0-9]{1,5}$/)}`;
  const setup = words.maybe("setup") === null ? "" : " setup";
  const state_ = words.maybe("keep-state") === null ? "" : " keep-state :default";
  const comment = words.maybe("//") === null ? "" : ` // ${words.rest().join(" ")}`;
  words.end();
  if (setup !== "" && proto !== "tcp") throw failed(DATA, "setup is for tcp");
  const name = /^table\((.*)\)$/.exec(source)?.[1];
  // A table that is not there is made.
  if (name !== undefined) state.tables[name] ??= {};
  const verb = action === "pass" ? "allow" : action;
  return `${verb}${to} ${proto} from ${source} to ${target}${port}${setup}${state_}${comment}`;
}

function remove(state: IpfwState, words: readonly string[], { quiet }: Flags): string {
  const isSet = words[0] === "set";
  const number = numberOf(isSet ? words[1] : words[0], LAST - 1);
  const doomed = state.rules.filter((rule) => (isSet ? rule.set : rule.number) === number && rule.number < LAST);
  if (doomed.length === 0 && !quiet) throw failed(UNAVAILABLE, `rule ${number} not found`);
  forget(state, doomed);
  return "";
}

/** With a rule its connections end. */
function forget(state: IpfwState, doomed: readonly IpfwRule[]): void {
  state.rules = state.rules.filter((rule) => !doomed.includes(rule));
  state.dynamic = state.dynamic.filter((number) => state.rules.some((rule) => rule.number === number));
}

function sets(state: IpfwState, words: readonly string[], flags: Flags): string {
  const [verb, ...more] = words;
  if (verb === "enable" || verb === "disable") {
    const set = numberOf(more[0], 30);
    state.disabled = [...state.disabled.filter((one) => one !== set), ...(verb === "disable" ? [set] : [])];
    return "";
  }
  if (verb === "move") {
    if (more[0] !== "rule" || more[2] !== "to" || more.length !== 4) {
      throw failed(USAGE, "syntax: set move rule X to Y");
    }
    const moved = state.rules.filter(({ number }) => number === numberOf(more[1], LAST - 1));
    if (moved.length === 0) throw failed(UNAVAILABLE, "setsockopt(IP_FW_SET_MOVE): Invalid argument");
    for (const rule of moved) rule.set = numberOf(more[3], 30);
    return "";
  }
  const set = numberOf(verb, 31);
  if (more[0] === "list" && more.length === 1) return listed(state, set, flags);
  if (more[0] !== "delete") throw failed(USAGE, `bad command \`${more[0]}'`);
  const number = numberOf(more[1], LAST - 1);
  forget(state, state.rules.filter((rule) => rule.set === set && rule.number === number));
  return "";
}

function listed({ rules, disabled, dynamic }: IpfwState, only: number | null, flags: Flags): string {
  const lines = rules.filter(({ set }) => only === null || set === only).flatMap(({ number, set, body }) => {
    const isOff = disabled.includes(set);
    if (isOff && !flags.sets) return [];
    return [`${isOff ? "# DISABLED " : ""}${padded(number)} ${flags.sets ? `set ${set} ` : ""}${body}`];
  });
  if (flags.dynamic && dynamic.length > 0) {
    lines.push(`## Dynamic rules (${dynamic.length} ${dynamic.length * 128}):`);
    for (const number of dynamic) {
      lines.push(`${padded(number)} 7 420 (298s) STATE tcp 10.77.0.2 50000 <-> 10.77.0.1 22 :default`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

function padded(number: number): string {
  return String(number).padStart(5, "0");
}

function table(state: IpfwState, [name = "", verb, ...more]: readonly string[], { quiet }: Flags): string {
  if (name === "all" && verb === "list") {
    return Object.entries(state.tables).map(([one, entries]) => `--- table(${one}), set(0) ---\n${printed(entries)}`)
      .join(
        "",
      );
  }
  if (!/^[A-Za-z0-9_]{1,63}$/.test(name)) throw failed(DATA, `table name ${name} is invalid`);
  const entries = state.tables[name];
  if (verb === "create") {
    if (entries !== undefined) throw failed(SYSTEM, "Table creation failed: File exists");
    if (more.join(" ") !== "type addr") throw failed(USAGE, `unknown cmd ${more.join(" ")}`);
    state.tables[name] = {};
    return "";
  }
  if (entries === undefined) throw failed(DATA, `Table ${name} does not exist`);
  if (verb === "destroy") return destroy(state, name);
  if (verb === "flush") state.tables[name] = {};
  else if (verb === "add") addEntry(entries, more, quiet);
  else if (verb === "delete") deleteEntry(entries, more, quiet);
  else throw failed(USAGE, `bad command \`${verb}'`);
  return "";
}

function destroy(state: IpfwState, name: string): string {
  if (state.rules.some(({ body }) => body.includes(`table(${name})`))) {
    throw failed(SYSTEM, "failed to destroy table: Device busy");
  }
  delete state.tables[name];
  return "";
}

function keyOf(word: string | undefined): string {
  const ip = parseIp(word ?? "");
  if (!ip.ok) throw failed(68, `hostname \`\`${word}'' unknown`);
  return `${ip.value.text}/${ip.value.bytes.length * 8}`;
}

/** With -q a value is replaced, else it stays. */
function addEntry(entries: Record<string, number>, [word, value]: readonly string[], quiet: boolean): void {
  const key = keyOf(word);
  if (key in entries && !quiet) throw failed(SYSTEM, "Adding record failed: record already exists");
  entries[key] = numberOf(value, 0xffff_ffff);
}

function deleteEntry(entries: Record<string, number>, [word]: readonly string[], quiet: boolean): void {
  const key = keyOf(word);
  if (!(key in entries) && !quiet) throw failed(SYSTEM, "Deleting record failed: record not found");
  delete entries[key];
}

function printed(entries: Readonly<Record<string, number>>): string {
  return Object.entries(entries).map(([key, value]) => `${key} ${value}\n`).join("");
}

/** Whether a new connection to an address of this host gets in: the first rule that matches counts. */
export function ipfwAdmits({ rules, tables, disabled }: IpfwState, attempt: Attempt): boolean {
  for (const { body, set } of rules) {
    const [, action, proto = "", source = "", target = "", port] =
      /^(allow|deny) (\S+) from (\S+) to (\S+)(?: dst-port ([0-9]+))?/.exec(body) ?? [];
    if (action === undefined || disabled.includes(set)) continue;
    const name = /^table\((.*)\)$/.exec(source)?.[1];
    const bits = attempt.source.includes(":") ? 128 : 32;
    const isSource = name === undefined
      ? source === "any" || source === attempt.source
      : tables[name] !== undefined && `${attempt.source}/${bits}` in tables[name];
    const isTarget = target === "any" || target === "me" || target === attempt.destination;
    if (!isSource || !isTarget || (proto !== "ip" && proto !== attempt.proto)) continue;
    if (port !== undefined && Number(port) !== attempt.port) continue;
    return action === "allow";
  }
  return false;
}

if (import.meta.main) runRecorder(ipfw, Deno.args);
