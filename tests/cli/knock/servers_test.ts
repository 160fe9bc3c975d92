import assert from "node:assert/strict";
import { runOwn, type Surroundings, temporaryFolder } from "../harness.ts";

const RC = `[default]
ACCESS tcp/22
ALLOW_IP source
[one]
SPA_SERVER one.example
SPA_SERVER_PORT 1111
KEY one
[Two]
SPA_SERVER two.example
SPA_SERVER_PORT 2222
KEY two
[bare]
KEY bare
[broken]
SPA_SERVER broken.example
ACCESS icmp/8
KEY broken
`;

async function knock(argv: readonly string[], surroundings: Surroundings = {}) {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, RC, { mode: 0o600 });
  const run = await runOwn(["--rc-file", path, "-E", `${folder.path}/run`, ...argv], surroundings);
  const repeated = await runOwn(["-l", "-E", `${folder.path}/run`], surroundings);
  const where = (sent: typeof run.sent) => sent.map(({ target }) => `${target.host}:${target.port}`);
  return { ...run, where: where(run.sent), repeated: where(repeated.sent) };
}

Deno.test("-D a,b,c knocks on each with its own stanza, found by name or by host", async () => {
  const run = await knock(["-D", "one,two.example,bare"]);
  assert.equal(run.code, 0, run.err);
  assert.deepEqual(run.where, ["one.example:1111", "two.example:2222", "bare:62201"]);
  assert.equal(new Set(run.sent.map(({ packet }) => packet)).size, 3);
  assert.deepEqual(run.repeated, run.where, "-l repeats them all");
});

Deno.test("one failure is named, the others are still sent, exit 1", async () => {
  const run = await knock(["-D", "one,broken,two"]);
  assert.deepEqual(run.where, ["one.example:1111", "two.example:2222"]);
  assert.match(run.err, /^fwknop: error: broken: \S+\/rc:[0-9]+: ACCESS: Invalid SPA access message/m);
  assert.equal(run.code, 1);
});

Deno.test("a server that is named twice gets one knock, whatever the letter case", async () => {
  const run = await knock(["-D", "one, ONE,two.example,one"]);
  assert.deepEqual(run.where, ["one.example:1111", "two.example:2222"]);
});

Deno.test("a list in SPA_SERVER is told from a name that nobody knows", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  Deno.writeTextFileSync(path, "[gw]\nSPA_SERVER a,b\nACCESS tcp/22\nALLOW_IP source\nKEY k\n", { mode: 0o600 });
  const run = await runOwn(["--rc-file", path, "--no-save-args", "-n", "gw"]);
  assert.match(run.err, /SPA_SERVER names one server, got "a,b"\nfwknop: hint: several servers are named with -D A,B/);
  assert.deepEqual([run.code, run.sent.length], [1, 0]);
});

Deno.test("-n uses one stanza for all servers", async () => {
  const run = await knock(["-n", "one", "-D", "a.example,[::1]"]);
  assert.deepEqual(run.where, ["a.example:1111", "::1:1111"]);
});

Deno.test("a key that is asked for is asked for by the server's name", async () => {
  const run = await knock(["-D", "x.example,y.example"], { secrets: ["k", "l", "k", "l"] });
  assert.deepEqual(run.asked, ["Enter encryption key for x.example: ", "Enter encryption key for y.example: "]);
});

for (const argv of [["-k"], ["--save-rc-stanza"], ["--stdin"], ["--hold"]]) {
  Deno.test(`several servers do not go with ${argv.join(" ")}`, async () => {
    const run = await knock(["-D", "one,two", ...argv]);
    assert.match(run.err, /goes with one server only/);
    assert.deepEqual([run.code, run.sent.length], [1, 0]);
  });
}

Deno.test("a list with a missing name is refused", async () => {
  assert.match((await knock(["-D", "one,,two"])).err, /a name is missing between commas/);
});
