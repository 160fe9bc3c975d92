import assert from "node:assert/strict";
import { ALONE, runOwn, temporaryFolder } from "../harness.ts";

Deno.test("what does not go together is told before a service or a NAT target that cannot be read", async () => {
  const rows: readonly [args: string, told: readonly RegExp[]][] = [
    ["-A bogus -M legacy --use-hmac", [/^Legacy encryption mode/]],
    ["-A tcp/1 -N -host -P tcp -H proxy", [/^-N: Invalid NAT destination/]],
    ["-A tcp/1 -N -host -H proxy -P tcp", [/^Cannot set --http-proxy/]],
    ["-A tcp/1,tcp/2 --nat-port 9 -N -host", [/^NAT for multiple/, /^-N: Invalid NAT destination/]],
    ["-C id -N -host", [/^a command cannot be combined with NAT/, /^-N: Invalid NAT destination/]],
    ["-A bogus -N 10.0.0.1:0 -H p:0", [/^-A: Invalid SPA/, /^-N: Invalid port value/, /^-H: proxy port value/]],
    ["-A bogus -f x", [/^-A: Invalid SPA/, /^-f: --fw-timeout must be within/]],
  ];
  for (const [args, told] of rows) {
    const run = await runOwn([...ALONE, "-D", "h", "-a", "192.0.2.1", "--key-rijndael", "k", ...args.split(" ")]);
    const errors = [...run.err.matchAll(/^fwknop: error: (.*)$/gm)].map(([, error = ""]) => error);
    assert.equal(errors.length, told.length, run.err);
    for (const [index, pattern] of told.entries()) assert.match(errors[index] ?? "", pattern, args);
    assert.equal(run.sent.length, 0);
  }
});

Deno.test("a bad -A, -N or -H is no mistake of a run that builds no packet of it, as in C, and is not saved", async () => {
  using home = temporaryFolder();
  const file = `${home.path}/rc`;
  const bad = ["-A", "bogus", "-N", "-host", "-H", "p:0"];
  assert.match((await runOwn([...ALONE, "-k", ...bad])).out, /^KEY_BASE64: /);
  assert.match((await runOwn([...ALONE, "-V", "-P", "http", ...bad])).out, /^fwknop client /);
  const command = await runOwn([...ALONE, "-D", "h", "-s", "--key-rijndael", "k", "-C", "id", "-A", "bogus"]);
  assert.deepEqual([command.code, command.err, command.sent.length], [0, "", 1]);
  for (const more of [["--key-rijndael", "k"], ["-k"]]) {
    const saving = await runOwn(["--rc-file", file, "--save-rc-stanza", "-n", "gw", "-D", "h", "-s", ...more, ...bad]);
    assert.equal(saving.code, 1);
    assert.match(saving.err, /^fwknop: error: -A: Invalid SPA/m);
    assert.doesNotMatch(Deno.readTextFileSync(file), /^\[gw\]/m);
  }
});
