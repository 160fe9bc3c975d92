import assert from "node:assert/strict";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../../cli/options/table.ts";
import { meantOption } from "../../../cli/remedies/options.ts";
import { NAMES } from "../../../lib/settings/names.ts";
import { runOwn } from "../harness.ts";

async function hintOf(...argv: readonly string[]): Promise<string> {
  const { err, code } = await runOwn(argv);
  assert.equal(code, 1);
  return /fwknop: hint: (.*)/.exec(err)?.[1] ?? err;
}

Deno.test("an unknown option is guessed by its letters, by its words, by other programs, and by the daemon's options", async () => {
  const rows: readonly [option: string, hint: RegExp][] = [
    ["--hmac-key-base64", /^did you mean --key-base64-hmac\?/],
    ["--key-hmac-base64", /^did you mean --key-base64-hmac\?/],
    ["--rijndael-key", /^did you mean --key-rijndael\?/],
    ["--base64-key", /^did you mean --key-base64-rijndael or --key-base64-hmac\?/],
    ["--gen-key", /^did you mean --key-gen\?/],
    ["--list-stanzas", /^did you mean --stanza-list\?/],
    ["--timeout", /^did you mean --fw-timeout\?/],
    ["--verison", /^did you mean --version\?/],
    ["-version", /^did you mean --version\?/],
    ["--fw-list", /^--fw-list is an option of the daemon, fwknopd$/],
    ["-i", /^-i \(--interface\) is an option of the daemon, fwknopd$/],
    ["--host", /^-D HOST names the server$/],
    ["--server", /^it could be --server-cmd or .*; -D HOST names the server$/],
    ["--port", /^-A tcp\/22 says what to open, -p the server's own port$/],
    ["--dry-run", /^-T builds and shows the packet/],
    ["-q", /^a knock says nothing unless something fails$/],
    ["--no-such-thing-at-all", /^--help lists the options$/],
  ];
  for (const [option, hint] of rows) assert.match(await hintOf(option), hint, option);
});

Deno.test("every option of the daemon that the client does not have is known to be one", async () => {
  const own = NAMES.fwknop.trim().split(/[\s|]+/);
  for (const name of NAMES.fwknopd.trim().split(/[\s|]+/)) {
    // One that is a beginning of ours is ours, as with getopt.
    if (own.some((other) => other.startsWith(name)) || name.length === 2 && own.includes(name)) continue;
    assert.match(await hintOf(name), /is an option of the daemon, fwknopd/, name);
  }
});

Deno.test("every option that a remedy names is there, and no option stands among what is meant", () => {
  const known = new Set(NAMES.fwknop.trim().split(/[\s|]+/));
  const directives = (Object.keys(CLIENT_SETTINGS) as ClientKey[]).flatMap((key) => settingOf(key).directive ?? []);
  for (const name of ["host", "ip", "public-ip", "port", "key", "base64", "key-file", "hmac", "name", "list", "conf"]) {
    const remedy = meantOption(`--${name}`) ?? "";
    const named = remedy.match(/--?[a-z0-9][a-z0-9-]*|-[A-Z]\b|\b[A-Z]+_[A-Z0-9_]+/g) ?? [];
    assert.ok(named.length > 0, name);
    for (const word of named) assert.ok(known.has(word) || directives.includes(word), `${name}: ${word}`);
  }
});

Deno.test("-h in a cluster is help, as in C, and no topic", async () => {
  const run = await runOwn(["-help"]);
  assert.equal(run.code, 0);
  assert.match(run.out, /^Usage: /m);
});
