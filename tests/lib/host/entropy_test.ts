import assert from "node:assert/strict";
import { randomBytes } from "../../../lib/host/entropy.ts";

Deno.test("randomBytes() gives as many as asked for, and others each time", () => {
  for (const length of [0, 1, 16, 1000]) assert.equal(randomBytes(length).length, length);
  const drawn = Array.from({ length: 100 }, () => randomBytes(16).toHex());
  assert.equal(new Set(drawn).size, drawn.length);
});
