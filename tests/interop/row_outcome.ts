/** What a client does with a row: looked at for each, and compared between the two. */
import assert from "node:assert/strict";
import { loadKeys } from "../../cli/knock/knock.ts";
import { earlySettings, loadSettings, openRc } from "../../cli/settings/load.ts";
import { CLIENT_SETTINGS } from "../../cli/options/table.ts";
import { realWorld, worldOn } from "../../cli/ui/world.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { open } from "../../lib/spa/open.ts";
import { parseArguments } from "../../lib/settings/argv.ts";
import type { Run } from "../cli/harness.ts";
import type { Listener } from "./receivers.ts";
import type { Outcome, Row } from "./row.ts";
import { openWith, packetOf } from "./side_by_side.ts";

/** One client's run of a row. */
export interface Ran {
  readonly run: Run;
  /** The client, the arguments and the files. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly home: string;
  readonly listener: Listener | null;
  /** The port that `{free}` stands for. */
  readonly free: number;
}

/** One client against what it is said to do. */
export async function checkOutcome(ran: Ran, outcome: Outcome): Promise<void> {
  const { run, name, home } = ran;
  assert.equal(run.code, outcome.code ?? 0, `${name}\n${run.err}${run.out.slice(0, 400)}`);
  checkOutput(ran, outcome);
  for (const [file, expected] of Object.entries(outcome.writes ?? {})) checkFile(`${home}/${file}`, expected, name);
  if (outcome.opens !== undefined) {
    const { key, ...more } = outcome.opens;
    assert.ok((await openWith(packetOf(run), key, more)).ok, `${name}: another key`);
  }
  await checkReceived(ran, outcome);
}

function checkOutput({ run, name, home }: Ran, outcome: Outcome): void {
  const labels = labelsOf(run.out);
  for (const [label, value] of Object.entries(outcome.shows ?? {})) {
    const found = labels[label] ?? "";
    const good = typeof value === "string" ? found === value : value.test(found);
    assert.ok(good, `${name}: ${label}: ${found}, not ${value}`);
  }
  for (const [pattern, text] of [[outcome.prints, run.out], [outcome.says, run.err]] as const) {
    const good = pattern === undefined || pattern.test(text.replaceAll(home, "{home}"));
    assert.ok(good, `${name}: not ${pattern}: ${text}`);
  }
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

/** Both clients said the same, but for what is fresh in every packet, and the packets hold the same. */
export async function compareRuns(c: Ran, own: Ran, row: Comparable): Promise<void> {
  const { name } = own;
  assert.equal(comparable(own, row), comparable(c, row), name);
  if ((row.code ?? 0) !== 0) {
    assert.ok(
      row.says !== undefined,
      `${name}: a refusal without a sentence proves nothing\n${c.run.err}${own.run.err}`,
    );
    return;
  }
  if (row.says === undefined) assert.deepEqual([complaints(own.run.err), complaints(c.run.err)], ["", ""], name);
  await compareDecoded(c, own, row);
}

/** What of a row says how runs are compared. */
type Comparable = Pick<Row, "code" | "says" | "drawn" | "opens" | "env">;

/** Standard output without what is fresh in every packet; what differs from 2.6.10 to 2.6.11 is 2.6.11. */
function comparable({ run, home, listener }: Ran, row: Comparable): string {
  let text = run.out.replaceAll(home, "{home}")
    .replaceAll(`destination port: ${listener?.port}`, "destination port: {closed}")
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
    // The C client says so only from -v -v on.
    .replace(/^\[\+\] Updating param .*\n/gm, "")
    // The C client leaves it out of the list.
    .replace(/^ - default\n/gm, "")
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
async function compareDecoded(c: Ran, own: Ran, row: Comparable): Promise<void> {
  const wires = [packetOf(c.run), packetOf(own.run)];
  // Keys that the arguments do not say were tried already.
  if (wires.includes("") || row.opens !== undefined) return;
  const variables: Readonly<Record<string, string>> = { HOME: own.home, ...row.env };
  const world = worldOn({ ...realWorld(), out: () => {}, err: () => {}, env: (name: string) => variables[name] });
  const args = parseArguments(CLIENT_SETTINGS, own.argv, { ignoreCase: true });
  const { settings } = loadSettings(args, openRc(earlySettings(args), world), world);
  const keys = await loadKeys(settings, world);
  const [ofC, ofOwn] = await Promise.all(wires.map(async (wire) => {
    const opened = await open(webEngine, wire, keys);
    assert.ok(opened.ok, `${own.name}: ${opened.ok ? "" : opened.fault.code}`);
    const { random: _random, timestamp: _time, encoded: _encoded, digest: _digest, ...fields } = opened.value;
    return fields;
  }));
  if (row.drawn === undefined) assert.deepEqual(ofOwn, ofC, own.name);
}

/** What arrived is the packet of the dump, in the form of the row. */
async function checkReceived({ run, name, listener, free }: Ran, outcome: Outcome): Promise<void> {
  if (listener === null) return;
  const { text, sourcePort } = await listener.received;
  listener.close();
  const wire = packetOf(run);
  assert.notEqual(wire, "", `${name}: a packet is compared with the one that -v shows`);
  const mapped = wire.replaceAll("+", "-").replaceAll("/", "_");
  assert.match(text.replace(wire, "WIRE").replace(mapped, "WIRE"), outcome.receives ?? /^WIRE$/, name);
  if (outcome.from !== undefined) assert.equal(sourcePort === free, outcome.from === "free", `${name}: ${sourcePort}`);
}
