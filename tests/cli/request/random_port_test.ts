import assert from "node:assert/strict";
import { randomPort } from "../../../cli/request/random_port.ts";

for (const [digits, port] of [["00000", 10_000], ["55534", 65_534], ["55535", 10_000], ["99999", 54_464]] as const) {
  Deno.test(`randomPort() of ${digits} is ${port}`, () => assert.equal(randomPort(digits), port));
}
