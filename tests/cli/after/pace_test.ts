import assert from "node:assert/strict";
import { pauseBeforeKnock, pauseBeforeTry, pauseOfHold } from "../../../cli/after/pace.ts";

Deno.test("pauseBeforeTry() stays between 5 and 100 milliseconds and never shrinks with time", () => {
  let last = 0;
  for (let since = 0; since < 20_000; since += 7) {
    const pause = pauseBeforeTry(since);
    assert.ok(pause >= 5 && pause <= 100 && pause >= last, `${since}: ${pause}`);
    last = pause;
  }
});

Deno.test("pauseBeforeKnock() doubles from half a second to eight", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 100].map(pauseBeforeKnock), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

Deno.test("pauseOfHold() lets two knocks fall into the time that a door stays open", () => {
  for (const seconds of [1, 2, 3, 10, 30, 60, 3600, 65_536]) {
    const pause = pauseOfHold(seconds);
    assert.ok(pause >= 250, `${seconds} s: ${pause}`);
    assert.ok(2 * pause < seconds * 1000, `${seconds} s: ${pause}`);
  }
});
