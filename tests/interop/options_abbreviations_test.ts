/** Every beginning of every long option, asked of the C client itself. */
import assert from "node:assert/strict";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../cli/options/table.ts";
import { parseArguments } from "../../lib/settings/argv.ts";
import { runC, temporaryFolder } from "../cli/harness.ts";
import { refused } from "./option_beside_c.ts";
import { tryRows } from "./row_beside_c.ts";
import { cClientTest } from "../lab/gate.ts";

const KEYS = Object.keys(CLIENT_SETTINGS) as ClientKey[];

/** Names that the C client has, with their rows. */
const OF_C = new Map(KEYS.flatMap((key) => (settingOf(key).option?.long ?? []).map((name) => [name, key] as const)));
/** Names that must be written out. */
const EXACT = new Map(KEYS.flatMap((key) => (settingOf(key).option?.exact ?? []).map((name) => [name, key] as const)));

/** All beginnings of all names, themselves included; no two alike. */
function beginnings(names: Iterable<string>): string[] {
  const all = [...names].flatMap((name) => Array.from(name, (_letter, index) => name.slice(0, index + 1)));
  return [...new Set(all)];
}

/** What a word means to the C client, from its complaint about a value too many or one too few. */
async function meaningInC(typed: string, home: string): Promise<string> {
  // A value that makes no file of any option.
  for (const word of [`--${typed}=/dev/null/1`, `--${typed}`]) {
    const { err } = await runC(["--no-rc-file", word], { home });
    const [first = ""] = err.split("\n");
    const [, name] = /option '--([a-z0-9-]+)' (?:doesn't allow an|requires an) argument/.exec(first) ?? [];
    if (name !== undefined) return OF_C.get(name) ?? `--${name}`;
    if (/is ambiguous/.test(first)) return "ambiguous";
    if (/unrecognized option/.test(first)) return "unknown";
  }
  return "without a complaint";
}

function meaningHere(typed: string): string {
  const { given, problems } = parseArguments(CLIENT_SETTINGS, [`--${typed}`, "value"], { ignoreCase: true });
  const [problem] = problems;
  if (problem === undefined) return given[0]?.key ?? "nothing";
  return problem.message.includes("ambiguous") ? "ambiguous" : "unknown";
}

/** Those that do not mean the same to both. */
async function differences(typed: readonly string[], home: string): Promise<string[]> {
  const different: string[] = [];
  for (let first = 0; first < typed.length; first += 8) {
    await Promise.all(
      typed.slice(first, first + 8).map(async (word) => {
        const [c, here] = [await meaningInC(word, home), meaningHere(word)];
        if (c !== here) different.push(`--${word}: ${c} in C, ${here} here`);
      }),
    );
  }
  return different;
}

cClientTest("K11: every beginning of every option of the C client means what it means to the C client", async () => {
  using folder = temporaryFolder();
  const typed = beginnings(OF_C.keys());
  assert.ok(typed.length > 450, `${typed.length}`);
  assert.deepEqual(await differences(typed, folder.path), []);
});

cClientTest(
  "options that the C client does not have take no abbreviation away, and are found only when written out",
  async () => {
    using folder = temporaryFolder();
    const typed = beginnings(EXACT.keys()).filter((word) => !EXACT.has(word));
    assert.deepEqual(await differences(typed, folder.path), []);
    for (const [name, key] of EXACT) {
      assert.equal(meaningHere(name), key);
      const c = await meaningInC(name, folder.path);
      assert.ok(c === "unknown" || c === key, `--${name} is ${c} in C`);
    }
  },
);

cClientTest("K11: aliases of one option are not ambiguous", async () => {
  using folder = temporaryFolder();
  for (const key of KEYS) {
    const names = settingOf(key).option?.long ?? [];
    for (
      const shared of beginnings(names).filter((word) =>
        names.length > 1 && names.every((name) => name.startsWith(word))
      )
    ) {
      const others = [...OF_C].some(([name, other]) => other !== key && name.startsWith(shared));
      assert.equal(meaningHere(shared), others ? "ambiguous" : key, shared);
      assert.equal(await meaningInC(shared, folder.path), others ? "ambiguous" : key, shared);
    }
  }
});

cClientTest(
  "in another letter case a beginning means what it means in the right one; the C client knows none",
  async () => {
    using folder = temporaryFolder();
    for (const typed of beginnings(OF_C.keys())) {
      assert.equal(meaningHere(typed.toUpperCase()), meaningHere(typed), typed);
    }
    for (const [name, key] of EXACT) assert.equal(meaningHere(name.toUpperCase()), key);
    for (const name of ["Spoof-src", "Version", "NAT-access"]) {
      assert.equal(await meaningInC(name, folder.path), "unknown");
      assert.equal(meaningHere(name), OF_C.get(name.toLowerCase()));
    }
  },
);

cClientTest("K11: clusters, words between options and what stands after -- are read as getopt reads them", async () => {
  await tryRows([
    { args: "stray -f 60 more", shows: { "Client Timeout": "60" } },
    { args: "- -f 60", shows: { "Client Timeout": "60" } },
    { args: "-f 60 -- -f 90 --bogus", shows: { "Client Timeout": "60" } },
    { args: "-bvf60", shows: { "Client Timeout": "60" } },
    { args: "-bTvf 60", shows: { "Client Timeout": "60" } },
    { args: "-Uv", shows: { Username: "v" } },
    { args: ["-U", "-v"], shows: { Username: "-v" } },
    { args: ["--spoof-user", "--fw-timeout"], shows: { Username: "--fw-timeout" } },
    { args: "--server-cmd=a=b", shows: { "Message String": "192.0.2.10,a=b" } },
    { args: "-C=x", shows: { "Message String": "192.0.2.10,=x" } },
    { args: "--fw-t=60 --spoof-u bob --dig=md5", shows: { Username: "bob", "Client Timeout": "60" } },
    ...refused(/takes no value|doesn't allow an argument/, "--test=1", "--nat-local="),
    ...refused(/-1: unknown|invalid option -- '1'/, "-T1", "-1"),
    ...refused(/-U: requires a value|requires an argument -- 'U'/, "-U", "-bTU"),
    ...refused(/--spoof-user: requires a value|'--spoof-user' requires an argument/, "--spoof-user", "--spoof-u"),
    ...refused(/--no-such: unknown|unrecognized option '--no-such/, "--no-such", "stray --no-such=1"),
    ...refused(/ambiguous/, "--n", "--key=x"),
  ]);
});
