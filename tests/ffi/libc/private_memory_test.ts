import assert from "node:assert/strict";

const CHILD = new URL("./private_memory_child.ts", import.meta.url).pathname;

/** Runs the child by a shell that sets a limit of core dumps first; as an ordinary user where the test is root. */
async function run(limit: string, ...command: readonly string[]): Promise<string> {
  const own = [Deno.execPath(), "run", "--no-prompt", "-A", "--no-config", "--no-lock", CHILD, ...command];
  const shell = ["sh", "-c", `ulimit -S -c ${limit} && exec "$@"`, "sh"];
  const { stdout, stderr } = await new Deno.Command("env", {
    args: ["MARK=seen", ...shell, ...own],
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("keepMemoryPrivate() ends core dumps and the reading of this memory by others, and the environment is known", async () => {
  assert.deepEqual(JSON.parse(await run("unlimited")), { before: 1, after: 0, soft: "0", mark: "seen" });
});

Deno.test("a command that takes the place of the program has the limit that the caller set", async () => {
  assert.equal(await run("123", "sh", "-c", "ulimit -S -c"), "123");
});
