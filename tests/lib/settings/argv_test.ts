import assert from "node:assert/strict";
import fc from "fast-check";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { integer, text, yesNo } from "../../../lib/settings/kinds.ts";
import { formatProblem, type SettingTable } from "../../../lib/settings/setting.ts";

const TABLE = {
  access: {
    kind: text(),
    option: { short: "A", long: ["access"], argument: "required" },
    group: "access",
    doc: "what to open",
  },
  verbose: {
    kind: integer(0, 9),
    option: { short: "v", long: ["verbose"], argument: "none" },
    repeat: "count",
    fallback: 0,
    group: "output",
    doc: "say more",
  },
  test: { kind: yesNo, option: { short: "T", long: ["test"], argument: "none" }, group: "output", doc: "send nothing" },
  resolve: {
    kind: yesNo,
    option: { short: "R", long: ["resolve-ip-https", "resolve-ip-http"], argument: "none" },
    group: "access",
    doc: "ask a service",
  },
  resolveUrl: {
    kind: text(),
    option: { long: ["resolve-url"], argument: "required" },
    group: "access",
    doc: "which service",
  },
  color: { kind: text(), option: { long: ["color"], argument: "optional" }, group: "output", doc: "colours" },
  ours: { kind: yesNo, option: { exact: ["access-wizard"], argument: "none" }, group: "access", doc: "ask" },
  key: {
    kind: text(),
    option: { long: ["key"], argument: "required" },
    directive: ["KEY_OF_FILE"],
    secret: true,
    group: "access",
    doc: "key",
  },
  inFile: { kind: text(), directive: ["IN_FILE"], group: "access", doc: "only in a file" },
  then: { kind: text(), option: { exact: ["then"], argument: "rest" }, group: "access", doc: "run afterwards" },
} as const satisfies SettingTable;

/** `key=text` for each saying: enough to compare a whole command line. */
function said(...argv: string[]): string[] {
  const read = parseArguments(TABLE, argv);
  assert.deepEqual(read.problems, []);
  return read.given.map((one) => one.text === null ? one.key : `${one.key}=${one.text}`);
}

function problems(...argv: string[]): string[] {
  return parseArguments(TABLE, argv).problems.map(formatProblem);
}

Deno.test("parseArguments() reads options as getopt_long does", () => {
  const table: [string[], string[]][] = [
    [["-A", "tcp/22"], ["access=tcp/22"]],
    [["-Atcp/22"], ["access=tcp/22"]],
    [["--access", "tcp/22"], ["access=tcp/22"]],
    [["--access=tcp/22"], ["access=tcp/22"]],
    [["--access="], ["access="]],
    [["--acc", "x"], ["access=x"]],
    [["-vvTA", "-v"], ["verbose", "verbose", "test", "access=-v"]],
    [["-vA--"], ["verbose", "access=--"]],
    [["--resolve-ip"], ["resolve"]],
    [["--color"], ["color"]],
    [["--color=red"], ["color=red"]],
    [["-A", "--"], ["access=--"]],
    [["--access-wizard"], ["ours"]],
  ];
  for (const [argv, expected] of table) assert.deepEqual(said(...argv), expected, argv.join(" "));
});

Deno.test("parseArguments() keeps words apart, wherever they stand", () => {
  const read = parseArguments(TABLE, ["one", "-v", "-", "two", "--", "-T", "--x"]);
  assert.deepEqual(read.words, ["one", "-", "two", "-T", "--x"]);
  assert.deepEqual(read.given.map((g) => g.key), ["verbose"]);
  assert.equal(read.rest, null);
});

Deno.test("parseArguments() gives everything after a `rest` option to it, untouched", () => {
  const read = parseArguments(TABLE, ["-v", "--then", "ssh", "-v", "--", "host"]);
  assert.deepEqual(read.rest, ["ssh", "-v", "--", "host"]);
  assert.deepEqual(read.given.map((g) => g.key), ["verbose", "then"]);
  assert.deepEqual(parseArguments(TABLE, ["--then"]).rest, []);
});

Deno.test("parseArguments() records the full name of an abbreviated option", () => {
  const [first] = parseArguments(TABLE, ["--verb"]).given;
  assert.deepEqual(first, { key: "verbose", text: null, name: "--verb", origin: { option: "--verbose" } });
});

Deno.test("parseArguments() says what is wrong, all of it, without values", () => {
  const table: [string[], string[]][] = [
    [["--acces-wizard"], ["--acces-wizard: unknown option (did you mean --access-wizard?)"]],
    [["--access-wiz"], ["--access-wiz: unknown option (did you mean --access-wizard?)"]],
    [["--resolve"], ["--resolve: ambiguous option (it could be --resolve-ip-https or --resolve-url)"]],
    [["--verbos=3"], ["--verbose: takes no value (write --verbose alone)"]],
    [["-A"], ["-A: requires a value (write it after -A)"]],
    [["--access"], ["--access: requires a value (write it after --access)"]],
    [["-vxSECRET", "-t"], ["-x: unknown option (--help lists the options)", "-t: unknown option (did you mean -T?)"]],
    [["--zzz=secret"], ["--zzz: unknown option (--help lists the options)"]],
    [["--=x"], ["--: unknown option (--help lists the options)"]],
    [["--accesshunter2key"], ["--access: something is stuck to it (write a blank or = after --access)"]],
  ];
  for (const [argv, expected] of table) assert.deepEqual(problems(...argv), expected, argv.join(" "));
});

Deno.test("parseArguments() knows a name of the file that is written as an option", () => {
  const inFile = "IN_FILE is written in a file only";
  assert.deepEqual(problems("--IN_FILE", "x"), [`--IN_FILE: unknown option (${inFile})`]);
  assert.deepEqual(problems("--in-file=x"), [`--in-file: unknown option (${inFile})`]);
  const [named] = problems("--KEY_OF_FILE=hunter2");
  assert.equal(named, "--KEY_OF_FILE: unknown option (did you mean --key? KEY_OF_FILE is its name in a file)");
});

Deno.test("parseArguments() refuses what the runtime has replaced, wherever it stands, and shows no key", () => {
  const what = "holds bytes that are no UTF-8 text, which cannot be taken from the command line";
  const key = "give the key in base64, in a file or through --stdin: there its bytes count as they are";
  const table: [string[], string[]][] = [
    [["--key", "hunter2\uFFFD"], [`--key: the value ${what} (${key})`]],
    [["--key=\uFFFD"], [`--key: the value ${what} (${key})`]],
    [["-A\uFFFD"], [
      `-A: the value ${what} (write it in UTF-8; a file of such a name can be given by a link of another name)`,
    ]],
    [["a\uFFFD"], [
      `an argument ${what} (write it in UTF-8; a file of such a name can be given by a link of another name)`,
    ]],
    [["--then", "ssh", "b\uFFFD"], [
      `an argument ${what} (write it in UTF-8; a file of such a name can be given by a link of another name)`,
    ]],
  ];
  for (const [argv, expected] of table) assert.deepEqual(problems(...argv), expected);
  assert.deepEqual(said("--key", "sch\u00f6n"), ["key=sch\u00f6n"]);
});

Deno.test("parseArguments() takes another letter case only where asked to", () => {
  assert.deepEqual(problems("--TEST"), ["--TEST: unknown option (did you mean --test?)"]);
  const loose = parseArguments(TABLE, ["--TEST", "--Resolve-IP"], { ignoreCase: true });
  assert.deepEqual(loose.given.map((g) => g.key), ["test", "resolve"]);
  assert.deepEqual(loose.problems, []);
});

Deno.test("parseArguments() never throws and loses no word after --", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("--", "-", "-A", "--then", "--access", "--a", "-vv"));
  fc.assert(fc.property(fc.array(word), (argv) => {
    const read = parseArguments(TABLE, argv, { ignoreCase: true });
    const accounted = read.words.length + read.given.length + read.problems.length + (read.rest?.length ?? 0);
    assert.ok(argv.length === 0 || accounted > 0 || argv[0] === "--");
  }));
});
