import assert from "node:assert/strict";
import { H64, K64, runOwn, temporaryFolder } from "../harness.ts";

const KEYS = ["--key-base64-rijndael", K64, "--key-base64-hmac", H64];

Deno.test("F17: a run is remembered with its keys masked and its words quoted, mode 0600", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/run`;
  const args = ["--no-rc-file", "-E", file, "-s", "-D", "h", "-C", "id -u; echo 'x'", ...KEYS];
  await runOwn(args);
  const text = Deno.readTextFileSync(file);
  assert.ok(!text.includes(K64) && !text.includes(H64));
  assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
  const repeated = await runOwn(["-l", "-E", file], { secrets: ["key", "hmac"] });
  assert.equal(repeated.code, 0, repeated.err);
  assert.deepEqual(repeated.asked, ["Enter encryption key: ", "Enter HMAC key: "]);
  assert.equal(repeated.sent[0]?.target.host, "h");
  assert.equal(Deno.readTextFileSync(file), text, "a repeated run is not remembered again");
});

Deno.test("--no-save-args and NO_SAVE_ARGS leave no file", async () => {
  using folder = temporaryFolder();
  const home = folder.path;
  const args = ["-A", "tcp/22", "-s", "-D", "h", "--key-rijndael", "k"];
  Deno.writeTextFileSync(`${home}/.fwknoprc`, "[default]\nNO_SAVE_ARGS Y\n", { mode: 0o600 });
  await runOwn(args, { env: { HOME: home } });
  await runOwn(["--no-rc-file", "--no-save-args", ...args], { env: { HOME: home } });
  assert.deepEqual([...Deno.readDirSync(home)].map((entry) => entry.name), [".fwknoprc"]);
});
