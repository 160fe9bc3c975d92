import assert from "node:assert/strict";
import { waitAtMost } from "../../../lib/host/wait_at_most.ts";

Deno.test("waitAtMost() ends with the promise, and leaves no timer behind", async () => {
  await waitAtMost(Promise.resolve(), 3_600_000);
  await assert.rejects(waitAtMost(Promise.reject(new Error("broken")), 3_600_000), /broken/);
});

Deno.test("waitAtMost() does not wait for ever", async () => {
  await waitAtMost(new Promise(() => {}), 0);
});
