import assert from "node:assert/strict";
import { clockState } from "../../../ffi/libc/clock_state.ts";

/** 16 s is what the kernel says of a clock that nobody keeps right (NTP_PHASE_LIMIT). */
const UNKEPT_US = 16_000_000;

Deno.test("clockState() asks the kernel, and a clock that is called synchronized has an error below the kernel's limit", () => {
  const { synchronized, maxErrorUs } = clockState();
  assert.ok(Number.isSafeInteger(maxErrorUs) && maxErrorUs >= 0 && maxErrorUs <= UNKEPT_US, String(maxErrorUs));
  if (synchronized) assert.ok(maxErrorUs < UNKEPT_US);
});
