/**
 * Rows tried beside the C client: a row holds arguments and what they do, and both clients are given them. What is not
 * said to be mended must be the same to the letter, but for what is fresh in every packet.
 */
import assert from "node:assert/strict";
import { sendPacket } from "../../cli/send/sender.ts";
import { type Run, runC, runOwn, runOwnProcess, temporaryFolder } from "../cli/harness.ts";
import { closedPort } from "../cli/send/capture_stream.ts";
import { addressService, listen } from "./receivers.ts";
import { BASES, type Row } from "./row.ts";
import { checkOutcome, compareRuns, type Ran } from "./row_outcome.ts";

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

/** Both clients, each with a home directory of its own. */
async function tryRow(row: Row): Promise<void> {
  using folder = temporaryFolder();
  await using service = row.service ? addressService() : null;
  const ports = { free: closedPort(), closed: closedPort() };
  const [c, own] = await Promise.all((["c", "own"] as const).map(async (client): Promise<Ran> => {
    const home = `${folder.path}/${client}`;
    const listener = row.listens === undefined ? null : await listen(row.listens);
    const placed = (text: string) =>
      text.replaceAll("{home}", home).replaceAll("{free}", String(ports.free))
        .replaceAll("{closed}", String(listener?.port ?? ports.closed))
        .replaceAll("{service}", service?.place ?? "{service}");
    makeHome(home, row.files ?? {}, placed);
    const argv = [...BASES[row.on ?? "request"], ...words(row.args)].map(placed);
    const run = client === "c" ? await runC(argv, { home, ...surroundings(row) }) : await runOurs(argv, { home, row });
    const name = [`${client}: ${words(row.args).join(" ")}`, ...Object.values(row.files ?? {})].join("\n");
    return { run, name, argv, home, listener, free: ports.free };
  })) as [Ran, Ran];
  await checkOutcome(c, { ...row, ...row.c });
  await checkOutcome(own, { ...row, ...row.own });
  if (row.mended === undefined && !row.wording) await compareRuns(c, own, row);
}

function makeHome(home: string, files: Readonly<Record<string, string>>, placed: (text: string) => string): void {
  Deno.mkdirSync(home);
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${home}/${name}`, placed(text), { mode: text.startsWith("#!") ? 0o700 : 0o600 });
  }
}

function surroundings({ env = {}, input }: Row) {
  return input === undefined ? { env } : { env, input };
}

/** In this process, but for a row whose keys come from standard input. */
async function runOurs(argv: readonly string[], at: { readonly home: string; readonly row: Row }): Promise<Run> {
  const { home, row } = at;
  if (row.input !== undefined) return await runOwnProcess(argv, { home, ...surroundings(row) });
  return await runOwn(argv, {
    env: { HOME: home, ...row.env },
    now: Math.floor(Date.now() / 1000),
    ...(row.listens === undefined && !row.sends ? {} : { send: sendPacket }),
  });
}

/** Words of a command line written in one. */
export function words(text: string | readonly string[]): readonly string[] {
  return typeof text !== "string" ? text : text === "" ? [] : text.split(" ");
}
