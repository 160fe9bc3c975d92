import assert from "node:assert/strict";
import { permissionFlags } from "../../.ci/permissions.ts";
import { compileFlags, scriptFlags, sourceFlags } from "../../.ci/runtime_flags.ts";

const ofV8 = (flags: readonly string[]) => flags.filter((flag) => flag.startsWith("--v8-flags="));

Deno.test("sourceFlags() runs the daemon with the memory and the rights that it is shipped with, in every form", () => {
  const flags = sourceFlags("fwknopd");
  assert.equal(ofV8(flags).length, 1);
  assert.deepEqual(ofV8(flags), ofV8(scriptFlags("fwknopd")));
  assert.deepEqual(ofV8(flags), ofV8(compileFlags("fwknopd")));
  for (const right of permissionFlags("fwknopd")) assert.ok(flags.includes(right), right);
});
