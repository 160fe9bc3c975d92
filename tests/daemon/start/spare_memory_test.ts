import assert from "node:assert/strict";
import { scriptFlags } from "../../../.ci/runtime_flags.ts";

async function run(flags: readonly string[]): Promise<unknown> {
  const child = new URL("spare_memory_child.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", ...flags, child] }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stderr), "");
  return JSON.parse(text.decode(stdout));
}

Deno.test("giveBackStart() collects all garbage, at once, with the flags of a built daemon", async () => {
  const flags = scriptFlags("fwknopd").filter((flag) => flag.startsWith("--v8-flags="));
  const how = { type: "major", execution: "sync", flavor: "last-resort" };
  assert.deepEqual(await run(flags), { there: true, calls: [how], kept: 100 });
});

Deno.test("giveBackStart() does without the flags", async () => {
  assert.deepEqual(await run([]), { there: false, calls: [], kept: 100 });
});
