import assert from "node:assert/strict";
import { createPause } from "../../../lib/host/pause.ts";

Deno.test("createPause() lets others have their turn amid long work, and not amid short work", async () => {
  const pause = createPause();
  let turns = 0;
  const timer = setInterval(() => void turns++, 0);
  try {
    for (let step = 0; turns === 0; step++) {
      assert.ok(step < 1e8, "nobody else had a turn");
      await pause();
    }
    await pause();
  } finally {
    clearInterval(timer);
  }
});
