import assert from "node:assert/strict";
import { expandVariable } from "../../../daemon/config/variables.ts";

Deno.test("expandVariable() expands once, at the beginning only", () => {
  const values = new Map([["RUN_DIR", "/run"], ["LOOP", "$LOOP"]]);
  const expand = (value: string) => expandVariable(value, (name) => values.get(name));
  assert.deepEqual(expand("plain"), { ok: true, value: "plain" });
  assert.deepEqual(expand("$RUN_DIR"), { ok: true, value: "/run" });
  assert.deepEqual(expand("$RUN_DIR/x"), { ok: true, value: "/run/x" });
  assert.deepEqual(expand("/a/$RUN_DIR"), { ok: true, value: "/a/$RUN_DIR" });
  assert.deepEqual(expand("$lower"), { ok: true, value: "$lower" });
  assert.deepEqual(expand("$LOOP"), { ok: true, value: "$LOOP" });
  assert.equal(expand("$NONE/x").ok, false);
  assert.equal(expand("$RUN_DIR/x y").ok, false);
});
