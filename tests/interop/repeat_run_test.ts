import assert from "node:assert/strict";
import { argumentsOf, maskedLine } from "../../cli/knock/repeat_run.ts";
import { K64, runC, runOwn, temporaryFolder } from "../cli/harness.ts";
import { cClientTest } from "../lab/gate.ts";

cClientTest("the C client and ours read each other's files of arguments", async () => {
  using folder = temporaryFolder();
  const home = folder.path;
  const args = [
    "--no-rc-file",
    "-A",
    "tcp/22",
    "-a",
    "192.0.2.1",
    "-D",
    "127.0.0.1",
    "-T",
    "-f",
    "30",
    "-G",
    `${home}/k`,
  ];
  Deno.writeTextFileSync(`${home}/k`, "127.0.0.1: secret\n");
  const env = { HOME: home };
  await runC(args, { home });
  const fromC = Deno.readTextFileSync(`${home}/.fwknop.run`);
  const own = await runOwn(["-l"], { env });
  assert.match(own.out, /test mode enabled/);
  await runOwn(args, { env });
  assert.equal(Deno.readTextFileSync(`${home}/.fwknop.run`).replace(/^\S+/, ""), fromC.replace(/^\S+/, ""));
  const c = await runC(["-l"], { home });
  assert.match(c.out, /test mode enabled/);
  const [shownC, shownOwn] = [await runC(["--show-last"], { home }), await runOwn(["--show-last"], { env })];
  assert.equal(shownOwn.out, shownC.out);
});

Deno.test("--show-last masks keys that an older file holds in clear", () => {
  const line = `fwknop -A tcp/22 --key-base64-rijndael ${K64} --key-hmac topsecret -D h`;
  assert.equal(maskedLine(line), "fwknop -A tcp/22 --key-base64-rijndael '********' --key-hmac '********' -D h");
  assert.equal(maskedLine("fwknop -A tcp/22 "), "fwknop -A tcp/22 ");
});

Deno.test("argumentsOf() turns masked keys into questions", () => {
  const line = "fwknop -A tcp/22 --key-rijndael '********' --key-base64-hmac '********' -D h";
  assert.deepEqual(argumentsOf(line), ["-A", "tcp/22", "--use-hmac", "-D", "h"]);
  assert.deepEqual(argumentsOf("/usr/bin/fwknop -C 'a b' it's"), ["-C", "'a", "b'", "it's"], "C never quotes");
});

Deno.test("without a file, or with an empty one, -l and --show-last say so", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/run`;
  for (const option of ["-l", "--show-last"]) {
    assert.match((await runOwn([option, "-E", file])).err, /Could not open args file: /);
  }
  Deno.writeTextFileSync(file, "\n", { mode: 0o600 });
  const run = await runOwn(["--show-last", "-E", file]);
  assert.match(run.err, /Could not read line from file: /);
  assert.equal(run.code, 1);
});
