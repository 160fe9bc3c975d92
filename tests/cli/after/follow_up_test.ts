/** What follows a knock, through the client's main line; what is sent is caught, connections are real. */
import assert from "node:assert/strict";
import { H64, K64, runOwn, temporaryFolder } from "../harness.ts";

const KEYS = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];
const HOST = ["-a", "127.0.0.1", "-D", "127.0.0.1", ...KEYS];
const ALONE = ["--no-rc-file", "--no-save-args"];

/** A port of the loopback interface on which nothing listens. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("--wait knocks once for a port that is open anyway, and says so", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const run = await runOwn([...ALONE, ...HOST, "-A", `tcp/${port}`, "--wait"]);
  assert.equal(run.code, 0, run.err);
  assert.equal(run.out, `tcp/${port} of 127.0.0.1 was open before the knock\n`);
  assert.equal(run.sent.length, 1);
  assert.equal(run.sent[0]?.target.host, "127.0.0.1");
});

Deno.test("--wait sends fresh packets until its time is over", async () => {
  const run = await runOwn([...ALONE, ...HOST, "-A", `tcp/${freePort()}`, "--wait=1"]);
  assert.equal(run.code, 3);
  assert.ok(run.sent.length >= 2, `${run.sent.length}`);
  assert.equal(new Set(run.sent.map(({ packet }) => packet)).size, run.sent.length);
});

Deno.test("a knock at a name and the wait go to one of its addresses", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const args = ["-a", "127.0.0.1", "-D", "localhost", "-4", ...KEYS, "-A", `tcp/${listener.addr.port}`, "--wait"];
  const run = await runOwn([...ALONE, ...args]);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /of localhost was open/);
  assert.equal(run.sent[0]?.target.host, "127.0.0.1");
});

const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["UDP alone", ["-A", "udp/53", "--wait"], /--wait needs a TCP port: an open UDP port gives no answer/],
  ["a command", ["-C", "id", "--wait"], /--wait cannot be combined with a command/],
  ["--then after UDP alone", ["-A", "udp/53", "--then", "true"], /--then needs a TCP port/],
  ["--then without a command", ["-A", "tcp/22", "--then"], /--then needs a command/],
  ["--hold and --then", ["-A", "tcp/22", "--hold", "--then", "true"], /--hold cannot be combined with --then/],
  ["--fdpass alone", ["-A", "tcp/22", "--fdpass"], /there is no --proxy/],
  ["--proxy without port", ["-A", "tcp/22", "--proxy", "gw"], /--proxy needs HOST and PORT/],
  [
    "--proxy for another port",
    ["-A", "tcp/22", "--proxy", "127.0.0.1", "23"],
    /wants to reach tcp\/23, but the knock asks/,
  ],
  ["--proxy and --stdin", ["--stdin", "--proxy", "127.0.0.1", "22"], /keys cannot be read from it/],
  ["no seconds", ["-A", "tcp/22", "--wait=0"], /--wait: .*1-86400/],
];

for (const [what, args, reason] of REFUSED) {
  Deno.test(`refused with the reason, and nothing is sent: ${what}`, async () => {
    const run = await runOwn([...ALONE, ...HOST, ...args]);
    assert.equal(run.code, 1, run.err);
    assert.match(run.err, reason);
    assert.equal(run.sent.length, 0);
    assert.equal(run.out, "");
  });
}

Deno.test("what cannot be is refused before a key is asked for or the own address is looked for", async () => {
  const host = [...ALONE, "-D", "127.0.0.1", "-R", "--resolve-url", "http://127.0.0.1:1/"];
  for (
    const [args, reason] of [
      [["-A", "udp/53", "--wait"], /--wait needs a TCP port/],
      [["-C", "id", "--then", "true"], /--then cannot be combined with a command/],
      [["-C", "id", "--hold"], /--hold cannot be combined with a command/],
      [["-A", "tcp/x", "--hold"], /Invalid port value/],
      [["-A", "tcp/23", "--proxy", "127.0.0.1", "22"], /wants to reach tcp\/22/],
    ] as const
  ) {
    const run = await runOwn([...host, ...args]);
    assert.match(run.err, reason);
    assert.deepEqual([run.code, run.asked.length, run.sent.length], [1, 0, 0]);
  }
});

Deno.test("-l repeats the wait with its seconds, and never a command", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/run`;
  const mark = `${folder.path}/mark`;
  const args = ["--no-rc-file", "-E", file, ...HOST, "-A", `tcp/${freePort()}`, "--wait=1"];
  const run = await runOwn([...args, "--then", "touch", mark]);
  assert.equal(run.code, 3, run.err);
  const line = Deno.readTextFileSync(file);
  assert.match(line, / --wait=1 *\n$/);
  assert.ok(!line.includes("--then") && !line.includes("touch"), line);
  const secrets = ["key", "hmac"];
  assert.equal((await runOwn(["-l", "-E", file], { secrets })).code, 3);
  // Not even when somebody has written one into the file.
  Deno.writeTextFileSync(file, line.replace(" --wait=1", "").replace("\n", `--then touch ${mark}\n`));
  const repeated = await runOwn(["-l", "-E", file], { secrets });
  assert.equal(repeated.code, 0, repeated.err);
  assert.equal(repeated.sent.length, 1);
  assert.throws(() => Deno.statSync(mark), Deno.errors.NotFound);
});
