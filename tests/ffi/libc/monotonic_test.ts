import assert from "node:assert/strict";
import { monotonicMicroseconds } from "../../../ffi/libc/monotonic.ts";

Deno.test("monotonicMicroseconds() is the time since the machine started, and never goes back", async () => {
  const before = monotonicMicroseconds();
  // The first number is the seconds since the start; a machine that slept counts those too.
  const uptime = Number((await Deno.readTextFile("/proc/uptime")).split(" ")[0]);
  const after = monotonicMicroseconds();
  assert.ok(after >= before);
  assert.ok(Number(before) / 1e6 <= uptime + 0.02, `${before} µs, up for ${uptime} s`);
});
