import assert from "node:assert/strict";
import { ALONE, H64, K64, runOwn, temporaryFolder } from "../harness.ts";

const RC = `[default]
FW_TIMEOUT 30

[gw]
SPA_SERVER   gw.example.org
ACCESS       tcp/22
ALLOW_IP     198.51.100.7
KEY_BASE64   ${K64}
HMAC_KEY     a secret of few words
`;

Deno.test("--explain names the value, the file, the line and the stanza; secrets are masked and nothing is sent", async () => {
  using home = temporaryFolder();
  const path = `${home.path}/.fwknoprc`;
  Deno.writeTextFileSync(path, RC.replace("a secret of few words", "few-words"), { mode: 0o600 });
  const run = await runOwn(["-n", "gw", "--explain", "-p", "4000", "--wait", "--key-base64-hmac", H64], {
    env: { HOME: home.path, LOGNAME: "mike" },
  });
  assert.equal(run.code, 0, run.err);
  assert.equal(run.sent.length, 0);
  assert.equal(run.asked.length, 0);
  for (
    const line of [
      /^ {2}to +gw\.example\.org, udp, port 4000$/m,
      /^ {2}message +198\.51\.100\.7,tcp\/22 \(type 3\)$/m,
      /^ {2}for +30 s$/m,
      /^ {2}user name +mike +environment, LOGNAME$/m,
      /^ {2}encrypted +Rijndael CBC, a key of 32 bytes$/m,
      /^ {2}afterwards +waits up to 10 s for the TCP ports$/m,
      /^ {2}FW_TIMEOUT +30 .*\.fwknoprc:2 \[default\]$/m,
      /^ {2}SPA_SERVER +gw\.example\.org +.*\.fwknoprc:5 \[gw\]$/m,
      /^ {2}KEY_BASE64 +\*{8} +.*\.fwknoprc:8 \[gw\]$/m,
      /^ {2}--key-base64-hmac +\*{8} +command line$/m,
      /^ {2}-p +4000 +command line$/m,
      /^ {2}SPA_SERVER_PROTO +udp$/m,
    ]
  ) assert.match(run.out, line);
  assert.ok(!(run.out + run.err).includes(K64) && !(run.out + run.err).includes(H64), run.out);
  assert.throws(() => Deno.statSync(`${home.path}/.fwknop.run`), Deno.errors.NotFound);
});

Deno.test("--explain says why a knock would be refused, with status 1", async () => {
  const run = await runOwn(["--no-rc-file", "--explain", "-A", "tcp/22", "-D", "gw"]);
  assert.equal(run.code, 1);
  assert.match(run.err, /Must use one of \[-s\|-R\|-a\]/);
  assert.match(run.out, /^ {2}-D +gw +command line$/m);
});

Deno.test("--explain shows a random port and an address to be found as such", async () => {
  const args = ["--no-rc-file", "--explain", "-A", "tcp/22", "-D", "gw", "-R", "-N", "10.0.0.5", "--nat-rand-port"];
  const run = await runOwn(args);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /^ {2}message +OWN-ADDRESS,tcp\/RANDOM \(type 2\)$/m);
  assert.match(run.out, /^ {2}forwarded to +10\.0\.0\.5,22$/m);
  assert.match(run.out, /a key asked for on the terminal/);
});

const KNOCK = ["--explain", "-A", "tcp/22", "-s", "--key-rijndael", "secret-key"] as const;

Deno.test("--explain writes nothing: no rc file, no saved arguments", async () => {
  using home = temporaryFolder();
  const run = await runOwn([...KNOCK, "-D", "gw"], { env: { HOME: home.path } });
  assert.equal(run.code, 0, run.err);
  assert.deepEqual([...Deno.readDirSync(home.path)], []);
});

Deno.test("--explain shows each server of a list with its own stanza", async () => {
  using home = temporaryFolder();
  const path = `${home.path}/.fwknoprc`;
  Deno.writeTextFileSync(path, RC, { mode: 0o600 });
  const run = await runOwn([...KNOCK, "-D", "gw,other"], { env: { HOME: home.path } });
  assert.equal(run.code, 0, run.err);
  const [, first = "", second = ""] = run.out.split(/^== .* ==$/m);
  assert.match(first, /^ {2}SPA_SERVER +gw\.example\.org +.*\.fwknoprc:5 \[gw\]$/m);
  assert.match(second, /^ {2}-D +other +command line$/m);
  assert.equal(run.sent.length, 0);
});

for (
  const [what, args, reason] of [
    ["a service that is none", ["-A", "bogus"], /Invalid SPA access message/],
    ["services that one port cannot stand for", ["-A", "tcp/1,tcp/2", "--nat-port", "9"], /NAT for multiple/],
    ["a user name that no server takes", ["-U", "a:b"], /user name of -U/],
    ["a UDP port and --wait", ["-A", "udp/53", "--wait"], /--wait needs a TCP port/],
    ["--then without a command", ["--then"], /--then needs a command/],
    ["a proxy that is none", ["-H", "http://"], /--http-proxy names no host/],
  ] as const
) {
  Deno.test(`--explain refuses ${what}, as the knock would, and still shows what was said`, async () => {
    const run = await runOwn(["--no-rc-file", "-D", "gw", ...KNOCK, ...args]);
    assert.equal(run.code, 1);
    assert.match(run.err, reason);
    assert.doesNotMatch(run.out, /A knock would be/);
    assert.match(run.out + run.err, /^ {2}-D +gw +command line$/m);
  });
}

Deno.test("--explain says where the user name comes from, and runs no program for a key", async () => {
  using home = temporaryFolder();
  const path = `${home.path}/.fwknoprc`;
  const mark = `${home.path}/mark`;
  const stanza = "[gw]\nSPA_SERVER gw\nACCESS tcp/22\nALLOW_IP source\nKEY_CMD touch " + mark;
  Deno.writeTextFileSync(path, `${stanza}\n`, { mode: 0o600 });
  const run = await runOwn(["-n", "gw", "--explain"], { env: { HOME: home.path, SPOOF_USER: "ann" } });
  assert.match(run.out, /^ {2}user name +ann +environment, SPOOF_USER$/m);
  assert.match(run.out, /the key that this prints: touch /);
  assert.throws(() => Deno.statSync(mark), Deno.errors.NotFound);
});

for (
  const [words, shown] of [
    [["-R", "--resolve-url", "https://joe:hidden@ip.example.org/"], "https://********@ip.example.org/"],
    [["-R", "--resolve-url", "joe:hidden@ip.example.org/"], " ********@ip.example.org/"],
    [["-s", "-H", "http://joe:hidden@proxy:3128"], "http://********@proxy:3128"],
    [["-s", "-H", "joe:hidden@proxy:3128"], " ********@proxy:3128"],
    [["-R", "-w", "wget -e https_proxy=http://joe:hidden@proxy/"], "http://********@proxy/"],
  ] as const
) {
  Deno.test(`--explain shows no password of ${words.slice(1).join(" ")}`, async () => {
    const run = await runOwn([...ALONE, "-D", "gw", "--explain", "-A", "tcp/22", "--key-rijndael", "hidden", ...words]);
    assert.ok(!(run.out + run.err).includes("hidden"), run.out + run.err);
    assert.ok(run.out.includes(shown), run.out);
  });
}

Deno.test("-l repeats a run as it was: beside --explain or --wait it is refused, and nothing is sent", async () => {
  using home = temporaryFolder();
  const knock = ["-A", "tcp/22", "-s", "-D", "gw", "--key-rijndael", "secret-key", "--no-rc-file"];
  assert.equal((await runOwn(knock, { env: { HOME: home.path } })).sent.length, 1);
  for (const option of ["--explain", "--wait", "--hold", "--doctor", "--qr"]) {
    const run = await runOwn(["-l", option], { env: { HOME: home.path }, secrets: ["secret-key"] });
    assert.deepEqual([run.code, run.sent.length], [1, 0], option);
    assert.match(run.err, new RegExp(`${option} cannot be combined with -l`));
  }
});

Deno.test("--explain sends nothing to the terminal that would act there", async () => {
  const run = await runOwn(["--no-rc-file", ...KNOCK, "-D", "gw", "-B", "gw\x1b[31m", "-u", "a\u202eb"]);
  assert.match(run.out, /^ {2}-B +gw\\x1b\[31m +command line$/m);
  assert.match(run.out, /^ {2}-u +a\\u202eb +command line$/m);
  assert.ok(!run.out.includes("\x1b") && !run.out.includes("\u202e"));
});
