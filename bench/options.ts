/** Options of the benchmarks: `--name` and `--name=value`; one that nobody knows ends them before they begin. */

/** What each option is given: `N` for `--name=N`; null for one that is given nothing. */
export type OptionTable = Readonly<Record<string, string | null>>;

/** What was given, or what is to be said instead. */
export type Given<Names> =
  | { readonly ok: true; readonly value: (name: Names) => string | null; readonly has: (name: Names) => boolean }
  | { readonly ok: false; readonly text: string; readonly status: 0 | 2 };

/** Reads the arguments of the benchmark of that file. */
export function readOptions<const Table extends OptionTable>(
  args: readonly string[],
  table: Table,
  file: string,
): Given<keyof Table & string> {
  const usage = usageOf(table, file);
  if (args.includes("--help")) return { ok: false, text: usage, status: 0 };
  const given = new Map<string, string>();
  for (const arg of args) {
    const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const takes = Object.hasOwn(table, name) ? table[name] : undefined;
    if (takes === undefined) return { ok: false, text: `bench: ${arg}: unknown option\n${usage}`, status: 2 };
    if ((takes === null) !== (value === undefined)) {
      return { ok: false, text: `bench: --${name} takes ${takes ?? "nothing"}\n${usage}`, status: 2 };
    }
    given.set(name, value ?? "");
  }
  return { ok: true, value: (name) => given.get(name) ?? null, has: (name) => given.has(name) };
}

/** Those of this run. Ends it where they are wrong, or where `--help` asks what there is. */
export function ownOptions<const Table extends OptionTable>(table: Table, url: string) {
  const given = readOptions(Deno.args, table, `bench/${url.slice(url.lastIndexOf("/") + 1)}`);
  if (given.ok) return given;
  console[given.status === 0 ? "log" : "error"](given.text);
  return Deno.exit(given.status);
}

function usageOf(table: OptionTable, file: string): string {
  const options = Object.entries(table).map(([name, takes]) => `[--${name}${takes === null ? "" : `=${takes}`}]`);
  return `usage: deno run -A ${
    [file, ...options].join(" ")
  }\nWhat it measures, and how, stands at the head of the file.`;
}
