/** The rights of a daemon that captures. */
import assert from "node:assert/strict";
import { labTest } from "../../lab/gate.ts";
import { runNarrowly, SEEN } from "./narrow_run.ts";

labTest("capture works with native code from the library folders only, and after that right is given up", async () => {
  assert.equal(await runNarrowly("live"), `${SEEN}${SEEN}prompt\n`);
});
