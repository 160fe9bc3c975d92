import assert from "node:assert/strict";
import { createTurns } from "../../../daemon/gpg/turns.ts";

/** Work of which the test says when it is done. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  const end = async (name: string, how: "resolve" | "reject" = "resolve") => {
    ends.get(name)![how](name);
    await new Promise((done) => setTimeout(done));
  };
  return { begun, work, end };
}

Deno.test("createTurns() lets so many work at once, and those who come first begin first", async () => {
  const { begun, work, end } = works();
  const turns = createTurns({ atOnce: 2, waiting: 10 });
  const done = ["a", "b", "c", "d"].map((name) => turns.take(work(name), false));
  await end("x").catch(() => {});
  assert.deepEqual(begun, ["a", "b"]);
  await end("b");
  assert.deepEqual(begun, ["a", "b", "c"]);
  await end("a");
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
  await end("c");
  await end("d");
  assert.deepEqual(await Promise.all(done), ["a", "b", "c", "d"]);
});

Deno.test("createTurns() lets those with a key go before all who wait", async () => {
  const { begun, work, end } = works();
  const turns = createTurns({ atOnce: 1, waiting: 10 });
  for (const [name, first] of [["a", false], ["b", false], ["c", true], ["d", true]] as const) {
    void turns.take(work(name), first);
  }
  for (const name of ["a", "c", "d", "b"]) await end(name);
  assert.deepEqual(begun, ["a", "c", "d", "b"]);
});

Deno.test("createTurns() refuses who comes when too many wait", async () => {
  const { begun, work, end } = works();
  const turns = createTurns({ atOnce: 1, waiting: 2 });
  assert.deepEqual(["a", "b", "c", "d"].map((name) => turns.take(work(name), true) === null), [
    false,
    false,
    false,
    true,
  ]);
  await end("a");
  assert.notEqual(turns.take(work("e"), false), null, "there is room again");
  assert.deepEqual(begun, ["a", "b"]);
});

Deno.test("createTurns() gives the turn on when work fails, in either way", async () => {
  const { begun, work, end } = works();
  const turns = createTurns({ atOnce: 1, waiting: 5 });
  const failed = turns.take(work("a"), false)!;
  const thrown = turns.take(() => {
    throw new Error("thrown");
  }, false)!;
  void turns.take(work("c"), false);
  const outcome = Promise.allSettled([failed, thrown]);
  await end("a", "reject");
  assert.deepEqual((await outcome).map(({ status }) => status), ["rejected", "rejected"]);
  assert.deepEqual(begun, ["a", "c"]);
});
