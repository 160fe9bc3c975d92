import assert from "node:assert/strict";
import { pause } from "../../../cli/after/pause.ts";

/** A time that no test waits for. */
const LONG = 2 ** 31 - 1;

Deno.test("pause() ends when its time is over", async () => {
  await pause(0);
});

Deno.test("pause() ends as soon as it is broken off, also before it began, and leaves nothing running", async () => {
  const controller = new AbortController();
  const paused = pause(LONG, controller.signal);
  controller.abort();
  await paused;
  await pause(LONG, controller.signal);
  assert.equal(controller.signal.aborted, true);
});
