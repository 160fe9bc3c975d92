/** Each mode acts at its stage: what comes before it happens, what comes after it does not. */
import assert from "node:assert/strict";
import { asks, mayContradict } from "../../cli/modes.ts";
import { CLIENT_SETTINGS } from "../../cli/options/table.ts";
import { parseArguments } from "../../lib/settings/argv.ts";
import { K64, runOwn, temporaryFolder } from "./harness.ts";

const KNOCK = ["-A", "tcp/22", "-a", "192.0.2.1", "-D", "gw", "--key-base64-rijndael", K64];

function read(...argv: readonly string[]) {
  return parseArguments(CLIENT_SETTINGS, argv);
}

/** A run in an empty home directory, and the files that it left there. */
async function runAtHome(argv: readonly string[]) {
  using folder = temporaryFolder();
  const run = await runOwn(argv, { env: { HOME: folder.path } });
  return { ...run, left: [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted() };
}

Deno.test("--help acts although the options hold mistakes; nothing else does", async () => {
  const help = await runAtHome(["--bogus", "--help"]);
  assert.deepEqual([help.code, help.err, help.left], [0, "", []]);
  for (const option of [["--completion", "bash"], ["--show-last"], ["--doctor"], ["--stanza-list"], ["-k"], ["-V"]]) {
    const run = await runAtHome([...option, "--bogus"]);
    assert.deepEqual([run.code, run.out], [1, ""], option.join(" "));
    assert.match(run.err, /--bogus: unknown option/);
  }
});

Deno.test("what acts before the files or only looks leaves none; what acts later leaves the rc file, a knock both", async () => {
  const none = [["--completion", "bash"], ["--doctor"], ["--stanza-list"], ["--explain", ...KNOCK]];
  for (const option of none) assert.deepEqual((await runAtHome(option)).left, [], option.join(" "));
  for (const option of [["-k"], ["--ssh-config", "gw"]]) {
    assert.deepEqual((await runAtHome(option)).left, [".fwknoprc"], option.join(" "));
  }
  for (const args of [KNOCK, [...KNOCK, "-T"], ["-V"]]) {
    assert.deepEqual((await runAtHome(args)).left, [".fwknop.run", ".fwknoprc"], args.join(" "));
  }
});

Deno.test("only a knock sends, and --save-rc-stanza goes on to it", async () => {
  for (const mode of [["--explain"], ["-k"], ["-V"], ["-T"], ["--qr", "--force-qr"]]) {
    assert.equal((await runAtHome([...KNOCK, ...mode])).sent.length, 0, mode.join(" "));
  }
  const saved = await runAtHome([...KNOCK, "--save-rc-stanza", "-n", "gw"]);
  assert.deepEqual([saved.code, saved.sent.length], [0, 1], saved.err);
});

Deno.test("asks() leaves options that C does not have out of a run that tells the version", () => {
  assert.ok(asks(read("--doctor"), ["explain", "doctor"]));
  assert.ok(!asks(read("--doctor"), ["explain"]));
  assert.ok(!asks(read("--doctor", "-V"), ["doctor"]));
  assert.ok(asks(read("-k", "-V"), ["keyGen"]));
});

Deno.test("mayContradict() is for options of ours, --json, --completion and lists of servers", () => {
  for (const argv of [["--wait"], ["--json"], ["--completion", "bash"], ["-D", "a,b"]]) {
    assert.ok(mayContradict(read(...argv)), argv.join(" "));
  }
  for (const argv of [KNOCK, ["-k", "--stanza-list"], ["-V", "--wait"]]) {
    assert.ok(!mayContradict(read(...argv)), argv.join(" "));
  }
});
