import assert from "node:assert/strict";
import { runNarrowly, SEEN } from "./narrow_run.ts";

Deno.test("the UDP server works with native code from the library folders only, and after that right is given up", async () => {
  assert.equal(await runNarrowly(), `${SEEN}prompt\n`);
});
