import assert from "node:assert/strict";
import { keyFromCommand, parseKeyOutput } from "../../../cli/keys/key_command.ts";
import { H64, K64, runOwnProcess, temporaryFolder } from "../harness.ts";

function parsed(output: string, label: "KEY_BASE64" | "HMAC_KEY_BASE64" = "KEY_BASE64"): string | null {
  const key = parseKeyOutput(output, label);
  return key === null ? null : new TextDecoder().decode(key);
}

Deno.test("parseKeyOutput() takes the first line as text, or as base64 when it says so", () => {
  assert.equal(parsed("secret word\nnote\n"), "secret word");
  assert.equal(parsed("secret\r\n"), "secret");
  assert.equal(parsed(`base64:${K64}\n`), "Rijndael-test-key-0123456789abcd");
  assert.equal(parsed("base64:!!\n"), null);
});

Deno.test("parseKeyOutput() takes the line of --key-gen that has the label", () => {
  const output = `KEY_BASE64: ${K64}\nHMAC_KEY_BASE64: ${H64}\n`;
  assert.equal(parsed(output), "Rijndael-test-key-0123456789abcd");
  assert.equal(parsed(output, "HMAC_KEY_BASE64"), atob(H64));
});

Deno.test("keyFromCommand() runs words without a shell", async () => {
  const key = await keyFromCommand(`printf %s "a b;\\$HOME"`, "KEY_BASE64");
  assert.equal(new TextDecoder().decode(key), "a b;$HOME");
});

Deno.test("keyFromCommand() takes the bytes of a pass phrase, UTF-8 or not", async () => {
  const key = await keyFromCommand("printf 'sch\\366n\\n'", "KEY_BASE64");
  assert.deepEqual(key, Uint8Array.fromHex("736368f66e"));
});

for (
  const [command, pattern] of [
    ["/nonexistent/program x", /KEY_CMD: cannot run \/nonexistent\/program/],
    ["false", /KEY_CMD: false failed with status 1/],
    ["true", /KEY_CMD: true printed no usable key/],
    ["echo 'x", /KEY_CMD: a quote is not closed/],
    ["''", /KEY_CMD names no program/],
    ["yes", /KEY_CMD: yes printed more than 65536 bytes/],
    ["sh -c 'kill -9 $$'", /KEY_CMD: sh was ended by SIGKILL/],
    ["printf '\\nsecond line'", /KEY_CMD: printf printed no usable key/],
    ["sh -c 'echo key; exit 3'", /KEY_CMD: sh failed with status 3/],
  ] as const
) {
  Deno.test(`keyFromCommand() refuses ${command}`, async () => {
    await assert.rejects(keyFromCommand(command, "KEY_BASE64"), pattern);
  });
}

Deno.test("keyFromCommand() says that no shell expands ~", async () => {
  await assert.rejects(keyFromCommand("~/bin/key", "KEY_BASE64"), { hint: /no shell expands ~/ });
});

/** Runs a client whose stanza takes its key from a program, as `name` of a shell would. */
async function runWith(
  command: string,
  run: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>>; readonly input?: string } =
    {},
) {
  using home = temporaryFolder();
  const stanza = ["SPA_SERVER 127.0.0.1", "ACCESS tcp/22", "ALLOW_IP source", `KEY_CMD ${command}`];
  Deno.writeTextFileSync(`${home.path}/rc`, `[gw]\n${stanza.join("\n")}\n`, { mode: 0o600 });
  Deno.writeTextFileSync(`${home.path}/key.sh`, "#!/bin/sh\necho relative-key\n", { mode: 0o700 });
  const argv = ["--rc-file", "rc", "-n", "gw", "-T", "--json", ...run.args ?? []];
  return await runOwnProcess(argv, { home: home.path, cwd: home.path, env: run.env ?? {}, input: run.input ?? "" });
}

Deno.test("KEY_CMD: a relative path is one from here, standard error and input are ours, LD_* stays out", async () => {
  const relative = await runWith("./key.sh");
  assert.equal(relative.code, 0, relative.err);
  const said = await runWith("sh -c 'echo unlocking >&2; read line; test \"$line\" = typed && echo key'", {
    input: "typed\n",
  });
  assert.equal(said.code, 0, said.err);
  assert.match(said.err, /^unlocking$/m);
  const env = await runWith('sh -c \'test -z "$LD_LIBRARY_PATH" && test "$MINE" = 1 && echo key\'', {
    env: { LD_LIBRARY_PATH: "/nonexistent", MINE: "1" },
  });
  assert.equal(env.code, 0, env.err);
});

Deno.test("keyFromCommand() without the right to run programs says that it is missing", async () => {
  const module = new URL("../../../cli/keys/key_command.ts", import.meta.url).href;
  const code = `const { keyFromCommand } = await import("${module}");
await keyFromCommand("echo key", "KEY_BASE64").catch((error) => console.log(error.message, "|", error.hint));`;
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-test-" });
  const script = `${folder}/script.js`;
  Deno.writeTextFileSync(script, code);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const args = ["run", "--no-prompt", "--allow-env", "--allow-read", `--config=${config}`, script];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  Deno.removeSync(folder, { recursive: true });
  const said = new TextDecoder().decode(stdout);
  assert.match(
    said,
    /KEY_CMD: cannot run echo: this program was started without the right to run it \| this fwknop was built or started without/,
    said + stderr,
  );
  assert.doesNotMatch(said, /--allow|Requires/);
});
