import assert from "node:assert/strict";
import { showFirst } from "./gate.ts";

Deno.test("showFirst() throws the error of the test, not those of tidying up after it", async () => {
  const failing = (what: string) => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error(what)) });
  const reason = new Error("the reason");
  const test = async () => {
    await using _lab = failing("the lab's folder stays");
    await using _daemon = failing("the daemon stays");
    await Promise.reject(reason);
  };
  await assert.rejects(test(), SuppressedError);
  await assert.rejects(showFirst(test), (error) => error === reason);
  await assert.rejects(showFirst(() => Promise.reject(reason)), (error) => error === reason);
  await showFirst(() => Promise.resolve());
});
