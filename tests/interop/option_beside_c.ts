/**
 * Options tried beside the C client: a row holds arguments and what they do, and both clients are given them. What is not
 * said to be mended must be the same to the letter, but for what is fresh in every packet.
 */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { loadKeys } from "../../cli/knock.ts";
import { earlySettings, loadSettings, openRc } from "../../cli/load.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../cli/options.ts";
import { sendPacket } from "../../cli/send/sender.ts";
import { realWorld } from "../../cli/world.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { open } from "../../lib/spa/open.ts";
import { parseArguments } from "../../lib/spec/argv.ts";
import type { SettingTable } from "../../lib/spec/setting.ts";
import { cClientIsPresent, type Run, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { captureTcp, closedPort } from "../cli/send/capture_stream.ts";
import { ACCESS, KEY, openWith, packetOf, REHEARSE, runOwnProcess } from "./side_by_side.ts";

const ALONE = ["--no-rc-file", "--no-save-args"];

/** What stands before the arguments of a row. */
const BASES = {
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
  /** The row of wire-and-client C.2, `decision` (decisions.md, COMPATIBILITY.md), or `2.6.11`. */
  readonly mended?: string;
  readonly c?: Outcome;
  readonly own?: Outcome;
}

/** Arguments and what they do; where `mended` says why, each client does its own. `{home}` is the home directory. */
export interface Row extends Setting, Outcome, Difference {
  readonly args: string | readonly string[];
}

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
    Deno.test(`${key} beside the C client: every spelling, its values and its conflicts`, async () => {
      if (!cClientIsPresent()) return;
      await tryRows([...spellings(key, trial), ...emptyValue(key, trial), ...trial.rows]);
    });
  }
}

/** Tries them all, and fails with what each that failed says. */
export async function tryRows(rows: readonly Row[]): Promise<void> {
  const failures: string[] = [];
  // A few at a time: most of a row is waiting for a process.
  for (let first = 0; first < rows.length; first += 6) {
    const ended = await Promise.allSettled(rows.slice(first, first + 6).map(tryRow));
    failures.push(...ended.flatMap((each) => each.status === "rejected" ? [String(each.reason)] : []));
  }
  assert.equal(failures.join("\n\n"), "");
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

/** Both clients, each with a home directory of its own. */
async function tryRow(row: Row): Promise<void> {
  using folder = temporaryFolder();
  await using service = row.service ? addressService() : null;
  const shown = [words(row.args).join(" "), ...Object.values(row.files ?? {})].join("\n");
  const free = closedPort();
  const place = async (client: string) => {
    const home = `${folder.path}/${client}`;
    const listener = row.listens === undefined ? null : await listen(row.listens);
    Deno.mkdirSync(home);
    const placed = (text: string) =>
      text.replaceAll("{home}", home).replaceAll("{free}", String(free))
        .replaceAll("{closed}", String(listener?.port ?? closed))
        .replaceAll("{service}", service?.place ?? "{service}");
    for (const [name, text] of Object.entries(row.files ?? {})) {
      Deno.writeTextFileSync(`${home}/${name}`, placed(text), { mode: text.startsWith("#!") ? 0o700 : 0o600 });
    }
    const argv = [...BASES[row.on ?? "request"], ...words(row.args)].map(placed);
    return { home, argv, listener };
  };
  const closed = closedPort();
  const [forC, forOwn] = await Promise.all([place("c"), place("own")]);
  const env = row.env ?? {};
  const input = row.input === undefined ? {} : { input: row.input };
  const [c, own] = await Promise.all([
    runC(forC.argv, { home: forC.home, env, ...input }),
    row.input === undefined
      ? runOwn(forOwn.argv, {
        env: { HOME: forOwn.home, ...env },
        now: Math.floor(Date.now() / 1000),
        ...(row.listens === undefined && !row.sends ? {} : { send: sendPacket }),
      })
      : runOwnProcess(forOwn.argv, { home: forOwn.home, env, ...input }),
  ]);
  for (const [name, run, at, outcome] of [["C", c, forC, row.c], ["ours", own, forOwn, row.own]] as const) {
    const expected = { ...row, ...outcome };
    check(run, expected, { home: at.home, name: `${name}: ${shown}` });
    if (expected.opens !== undefined) {
      const { key, ...more } = expected.opens;
      assert.ok((await openWith(packetOf(run), key, more)).ok, `${name}: ${shown}: another key`);
    }
    await checkReceived(run, expected, { listener: at.listener, free, name: `${name}: ${shown}` });
  }
  if (row.mended !== undefined || row.wording) return;
  assert.equal(comparable(own.out, row, forOwn), comparable(c.out, row, forC), shown);
  if ((row.code ?? 0) !== 0) {
    assert.ok(row.says !== undefined, `${shown}: a refusal without a sentence proves nothing\n${c.err}\n${own.err}`);
    return;
  }
  if (row.says === undefined) assert.deepEqual([complaints(own.err), complaints(c.err)], ["", ""], shown);
  await compareDecoded({ c, own }, { ...row, argv: forOwn.argv, home: forOwn.home });
}

interface Listener {
  readonly port: number;
  readonly received: Promise<{ readonly text: string; readonly sourcePort: number }>;
  close(): void;
}

/** Takes one packet on a free port of 127.0.0.1. */
async function listen(over: "udp" | "tcp"): Promise<Listener> {
  if (over === "tcp") {
    const { port, connection } = captureTcp();
    return { port, received: connection, close: () => {} };
  }
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const received = once(socket, "message").then(([data, { port }]) => ({ text: String(data), sourcePort: port }));
  return { port: socket.address().port, received, close: () => socket.close() };
}

/** What arrived is the packet of the dump, in the form of the row. */
async function checkReceived(
  run: Run,
  outcome: Outcome,
  at: { readonly listener: Listener | null; readonly free: number; readonly name: string },
): Promise<void> {
  const { listener, free, name } = at;
  if (listener === null) return;
  const { text, sourcePort } = await listener.received;
  listener.close();
  const wire = packetOf(run);
  assert.notEqual(wire, "", `${name}: a packet is compared with the one that -v shows`);
  const mapped = wire.replaceAll("+", "-").replaceAll("/", "_");
  assert.match(text.replace(wire, "WIRE").replace(mapped, "WIRE"), outcome.receives ?? /^WIRE$/, name);
  if (outcome.from !== undefined) assert.equal(sourcePort === free, outcome.from === "free", `${name}: ${sourcePort}`);
}

/** Tells an address. Its port has four digits: the C client misreads one of five (wire-and-client B.9). */
function addressService(): { readonly place: string } & AsyncDisposable {
  for (let port = 2000 + Math.floor(Math.random() * 5000);; port++) {
    try {
      const answer = () => new Response("203.0.113.9\n");
      const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, answer);
      return { place: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** One client against what it is said to do. */
function check(run: Run, outcome: Outcome, place: { readonly home: string; readonly name: string }): void {
  const { name, home } = place;
  const all = `${name}\n${run.err}${run.out.slice(0, 400)}`;
  assert.equal(run.code, outcome.code ?? 0, all);
  const labels = labelsOf(run.out);
  for (const [label, value] of Object.entries(outcome.shows ?? {})) {
    const found = labels[label] ?? "";
    assert.ok(
      typeof value === "string" ? found === value : value.test(found),
      `${name}: ${label}: ${found}, not ${value}`,
    );
  }
  const streams = [[outcome.prints, run.out], [outcome.says, run.err]] as const;
  for (const [pattern, text] of streams) {
    assert.ok(
      pattern === undefined || pattern.test(text.replaceAll(home, "{home}")),
      `${name}: not ${pattern}: ${text}`,
    );
  }
  for (const [file, expected] of Object.entries(outcome.writes ?? {})) checkFile(`${home}/${file}`, expected, name);
}

function checkFile(path: string, expected: readonly [RegExp, number] | null, name: string): void {
  let mode: number | null;
  try {
    mode = Deno.statSync(path).mode;
  } catch {
    assert.equal(expected, null, `${name}: ${path} is not there`);
    return;
  }
  assert.ok(expected !== null, `${name}: ${path} is there`);
  const text = Deno.readTextFileSync(path);
  assert.ok(expected[0].test(text), `${name}: ${path}: not ${expected[0]}: ${text}`);
  assert.equal(((mode ?? 0) & 0o777).toString(8), expected[1].toString(8), `${name}: ${path}`);
}

/** The first value of each label, and `offset`. */
function labelsOf(out: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, label = "", value = ""] of out.matchAll(/^ *([A-Za-z][A-Za-z/ ]*): (.*)$/gm)) labels[label] ??= value;
  const { Timestamp } = labels;
  return Timestamp === undefined ? labels : { ...labels, offset: String(offsetOf(Timestamp)) };
}

/** How far a time is from now, in steps of ten seconds: the two runs are not of the same second. */
function offsetOf(timestamp: string): number {
  return Math.round((Number(timestamp) - Date.now() / 1000) / 10) * 10 + 0;
}

/** Standard output without what is fresh in every packet; what differs from 2.6.10 to 2.6.11 is 2.6.11. */
function comparable(
  out: string,
  row: Row,
  place: { readonly home: string; readonly listener: Listener | null },
): string {
  let text = out.replaceAll(place.home, "{home}")
    .replaceAll(`destination port: ${place.listener?.port}`, "destination port: {closed}")
    .replace(/^( +Timestamp: )([0-9]+)$/gm, (_all, label, time) => `${label}${offsetOf(time)}`)
    .replace(/^( *Random Value: )[0-9]{16}$/gm, "$1R")
    .replace(
      /^( *Encoded Data: )[0-9]{16}:([^:]*):[0-9]+:(.*)$/gm,
      (_all, label, user, rest: string) => `${label}R:${user}:T:${rest.split(":").map(decodedField).join(":")}`,
    )
    .replace(
      /^( *(?:SPA Data Digest|HMAC|Final SPA Data): )([A-Za-z0-9+/]+)$/gm,
      (_all, label: string, data: string) => data.startsWith("<") ? label + data : `${label}${data.length} characters`,
    )
    .replace(/(\bGET (?:http:\/\/[^/ ]*)?\/)\S+ HTTP\/1\.[01]/g, "$1S HTTP/1.1")
    .replaceAll("Fwknop/2.6.10", "Fwknop/2.6.11")
    .replaceAll("fwknop client 2.6.10,", "fwknop client 2.6.11,");
  for (const label of row.drawn ?? []) {
    const value = labelsOf(text)[label];
    assert.match(value ?? "", /[0-9]{5}/, label);
    const drawn = /[0-9]{5}/.exec(value ?? "")?.[0] ?? "";
    assert.ok(Number(drawn) >= 10_000 && Number(drawn) <= 65_534, drawn);
    text = text.replaceAll(drawn, "DRAWN");
  }
  return text;
}

/** Text of the plain packet is in base64; its numbers and its version are not. */
function decodedField(field: string): string {
  return /^[0-9.]*$/.test(field) ? field : atob(field);
}

/** Standard error without the transcript of older clients, which is ours alone. */
function complaints(err: string): string {
  return err.replace(/^\[\+\] .*\n/gm, "");
}

/** The packet of the C client opens with the keys that ours has, and says the same as ours. */
async function compareDecoded(
  runs: { readonly c: Run; readonly own: Run },
  row: Row & { readonly argv: readonly string[]; readonly home: string },
): Promise<void> {
  const wires = [packetOf(runs.c), packetOf(runs.own)];
  // Keys that the arguments do not say were tried already.
  if (wires.includes("") || row.opens !== undefined) return;
  const world = {
    ...realWorld(),
    out: () => {},
    err: () => {},
    env: (name: string) => ({ HOME: row.home, ...row.env }[name]),
  };
  const args = parseArguments(CLIENT_SETTINGS, row.argv, { ignoreCase: true });
  const { settings } = loadSettings(args, openRc(earlySettings(args), world), world);
  const keys = await loadKeys(settings, world);
  const [c, own] = await Promise.all(wires.map(async (wire) => {
    const opened = await open(webEngine, wire, keys);
    assert.ok(opened.ok, `${row.argv.join(" ")}: ${opened.ok ? "" : opened.fault.code}`);
    const { random: _random, timestamp: _time, encoded: _encoded, digest: _digest, ...fields } = opened.value;
    return JSON.stringify(fields);
  }));
  if (row.drawn === undefined) assert.equal(own, c, row.argv.join(" "));
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

function words(text: string | readonly string[]): readonly string[] {
  return typeof text !== "string" ? text : text === "" ? [] : text.split(" ");
}
