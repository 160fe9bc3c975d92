import assert from "node:assert/strict";
import { readCommand, runChild } from "../../../cli/ui/child.ts";
import { ClientError } from "../../../cli/ui/tui.ts";

const text = (output: Awaited<ReturnType<typeof runChild>>) =>
  output.ok ? new TextDecoder().decode(output.stdout) : output.reason;

Deno.test("readCommand() splits as a shell does, and refuses what names no program", () => {
  assert.deepEqual(readCommand("KEY_CMD", "pass show 'my key'", "x"), { program: "pass", args: ["show", "my key"] });
  assert.throws(() => readCommand("KEY_CMD", "pass 'my", "x"), /KEY_CMD: a quote is not closed/);
  assert.throws(
    () => readCommand("KEY_CMD", " ", "name one"),
    (error) => error instanceof ClientError && error.hint === "name one",
  );
});

Deno.test("runChild() gives what is printed, and no shell reads the arguments", async () => {
  assert.equal(text(await runChild("printf", ["%s", "$HOME; `id`"], { ownInput: true })), "$HOME; `id`");
});

Deno.test("runChild() says why there is nothing: status, signal, no such program, too much", async () => {
  const run = async (script: string) => text(await runChild("sh", ["-c", script], { ownInput: true }));
  assert.equal(await run("echo key; exit 3"), "sh failed with status 3");
  assert.equal(await run("kill -TERM $$"), "sh was ended by SIGTERM");
  assert.match(text(await runChild("/nonexistent/program", [])), /^cannot run \/nonexistent\/program: /);
  assert.equal(await run("head -c 65536 /dev/zero | tr '\\0' x | wc -c"), "65536\n");
  assert.equal(await run("head -c 65537 /dev/zero"), "sh printed more than 65536 bytes");
  assert.equal(await run("yes"), "sh printed more than 65536 bytes");
});

Deno.test("runChild(): our input stays ours, LD_ variables do not go along, and it can be broken off", async () => {
  Deno.env.set("FWKNOP_CHILD_TEST", "kept");
  Deno.env.set("LD_FWKNOP_TEST", "dropped");
  const script = 'cat; echo "$FWKNOP_CHILD_TEST$LD_FWKNOP_TEST"';
  assert.equal(text(await runChild("sh", ["-c", script], { ownInput: true })), "kept\n");
  Deno.env.delete("FWKNOP_CHILD_TEST");
  Deno.env.delete("LD_FWKNOP_TEST");
  const broken = runChild("cat", ["/dev/zero"], { ownInput: true, abort: AbortSignal.abort() });
  assert.equal((await broken).ok, false);
});
