import assert from "node:assert/strict";
import { createPatience } from "../../../daemon/loop/patience.ts";

function hanging() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { work: () => promise, resolve, reject };
}

Deno.test("createPatience() waits for work that ends, and passes its failure on", async () => {
  const patience = createPatience(() => 60_000, () => assert.fail("nobody was left behind"));
  let done = false;
  await patience.wait("open", async () => {
    await Promise.resolve();
    done = true;
  });
  assert.equal(done, true);
  await assert.rejects(patience.wait("open", () => Promise.reject(new Error("broken"))), /broken/);
});

Deno.test("createPatience() leaves work behind that does not end, and wakes when it does", async () => {
  let woken = 0;
  const patience = createPatience(() => 0, () => void woken++);
  const slow = hanging();
  await patience.wait("close", slow.work);
  assert.equal(patience.isBusy("close"), true);
  assert.equal(patience.isBusy("open"), false);
  slow.resolve();
  await patience.finish(10_000);
  assert.equal(patience.isBusy("close"), false);
  assert.equal(woken, 1);
});

Deno.test("createPatience() does not begin again what is under way, where one is enough", async () => {
  const patience = createPatience(() => 0, () => {});
  const slow = hanging();
  const begun: string[] = [];
  const note = (name: string) => {
    begun.push(name);
    return slow.work();
  };
  for (const name of ["close", "open"] as const) {
    await patience.wait(name, () => note(name));
    await patience.wait(name, () => note(name));
  }
  assert.deepEqual(begun, ["close", "open", "open"]);
  slow.resolve();
  await patience.finish(10_000);
});

Deno.test("createPatience() loses no failure of work that was left behind", async () => {
  const patience = createPatience(() => 0, () => {});
  const slow = hanging();
  await patience.wait("open", slow.work);
  slow.reject(new Error("broken later"));
  await assert.rejects(patience.finish(10_000), /broken later/);
});

Deno.test("createPatience() begins work that nobody waits for, one at a time, and wakes when it is done", async () => {
  let woken = 0;
  const patience = createPatience(() => 60_000, () => void woken++);
  const slow = hanging();
  const begun: string[] = [];
  for (const name of ["first", "second"]) {
    patience.begin("survey", () => {
      begun.push(name);
      return slow.work();
    });
  }
  assert.deepEqual(begun, ["first"]);
  assert.equal(patience.isBusy("survey"), true);
  await patience.wait("open", () => Promise.resolve());
  slow.reject(new Error("broken"));
  await assert.rejects(patience.finish(10_000), /broken/);
  assert.equal(woken, 1);
});
