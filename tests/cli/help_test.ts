import assert from "node:assert/strict";
import { clientHelp } from "../../cli/help.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../cli/options.ts";
import { runOwn } from "./harness.ts";

Deno.test("the short help fits a terminal of 80 by 24", () => {
  const lines = clientHelp(null).split("\n");
  // The prompt of the shell takes the last line.
  assert.ok(lines.length <= 23, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 80, line);
});

Deno.test("--help=all has every option that is not hidden, and no line over 80 columns", () => {
  const text = clientHelp("all");
  for (const key of Object.keys(CLIENT_SETTINGS) as ClientKey[]) {
    const { option, hidden } = settingOf(key);
    const [long] = [...option?.long ?? [], ...option?.exact ?? []];
    if (long !== undefined && hidden !== true) assert.ok(text.includes(`--${long}`), long);
  }
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("--help=TOPIC has that topic only, an unknown one lists them", () => {
  assert.match(clientHelp("keys"), /--key-gen/);
  assert.doesNotMatch(clientHelp("keys"), /--destination/);
  assert.match(clientHelp("nonsense"), /Topics: What to open, /);
});

Deno.test("-h wins over everything else on the command line and prints on standard output", async () => {
  for (const argv of [["-h"], ["--help"], ["-D", "x", "--help=all"], ["-vh"]]) {
    const run = await runOwn(argv);
    assert.deepEqual([run.code, run.err, run.sent.length], [0, "", 0]);
    assert.match(run.out, /^fwknop 2\.6\.11/);
  }
});
