import assert from "node:assert/strict";
import { randomDigits } from "../../../lib/crypto/digits.ts";

Deno.test("randomDigits() asks again for bytes that would make some digits likelier than others", () => {
  const asked: number[] = [];
  const given = [[0, 9, 249, 250, 255], [10, 251], [128]];
  const source = (length: number) => {
    asked.push(length);
    return Uint8Array.from(given.shift() ?? []);
  };
  assert.equal(randomDigits(5, source), "09908");
  assert.deepEqual(asked, [5, 2, 1]);
});
