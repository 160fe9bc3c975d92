import assert from "node:assert/strict";
import { clientHelp } from "../../../cli/shell/help.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../../cli/options/table.ts";
import { runOwn } from "../harness.ts";

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

Deno.test("--help=all has every spelling and every hidden option, and no default for what takes no value", () => {
  const text = clientHelp("all");
  for (const key of Object.keys(CLIENT_SETTINGS) as ClientKey[]) {
    const { option } = settingOf(key);
    for (const name of [...option?.long ?? [], ...option?.exact ?? []]) assert.ok(text.includes(`--${name}`), name);
    if (option?.short !== undefined) assert.match(text, new RegExp(`^ {2}-${option.short}\\b`, "m"));
  }
  assert.doesNotMatch(text, /default N\)/);
});

Deno.test("every topic of the short help is one, and fits a terminal of 80 by 24", () => {
  const [, words = ""] = /--help=WORD with ([^]*)$/.exec(clientHelp(null)) ?? [];
  const topics = words.split(/,\s+/);
  assert.ok(topics.length > 5);
  for (const topic of topics) {
    const lines = clientHelp(topic).split("\n");
    assert.ok(lines.length <= 23, `${topic}: ${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
  const options = (text: string) => text.split("\n").filter((line) => /^ {2}(?: {4}|-.,? ?)-?/.test(line)).length;
  const parts = topics.map((topic) => options(clientHelp(topic))).reduce((sum, count) => sum + count);
  assert.ok(parts >= 60 && parts <= options(clientHelp("all")), String(parts));
});

Deno.test("--help=TOPIC has that topic only", () => {
  assert.match(clientHelp("new"), /--key-gen/);
  assert.doesNotMatch(clientHelp("keys"), /--destination/);
  assert.match(clientHelp("WHERE"), /--destination/);
});

Deno.test("--help with the name of an option or directive shows the topic that it is in", () => {
  for (
    const [name, topic] of [["proxy", "after"], ["--doctor", "this"], ["-A", "what"], ["KEY_FILE", "keys"]] as const
  ) {
    assert.equal(clientHelp(name), clientHelp(topic), name);
  }
});

for (
  const [topic, hint] of [
    ["kyes", /did you mean keys\? the topics are what, who, /],
    ["nonsense", /^fwknop: hint: the topics are what, /m],
    ["", /^fwknop: hint: the topics are what, /m],
  ] as const
) {
  Deno.test(`--help=${topic} is no topic: said with what there is, status 1`, async () => {
    const run = await runOwn([`--help=${topic}`]);
    assert.deepEqual([run.code, run.out], [1, ""]);
    assert.match(run.err, /there is no topic/);
    assert.match(run.err, hint);
  });
}

Deno.test("-h wins over everything else on the command line and prints on standard output", async () => {
  for (const argv of [["-h"], ["--help"], ["-D", "x", "--help=all"], ["-vh"]]) {
    const run = await runOwn(argv);
    assert.deepEqual([run.code, run.err, run.sent.length], [0, "", 0]);
    assert.match(run.out, /^fwknop 2\.6\.11/);
  }
});
