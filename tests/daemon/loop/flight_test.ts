import assert from "node:assert/strict";
import { answerOf, behind, createFlight, type Flushed } from "../../../daemon/loop/flight.ts";
import { type Duty, untilFirst } from "../../../daemon/loop/rows.ts";
import { NOBODY_WAS_FIRST } from "../../../daemon/replay/store.ts";
import { letOthers } from "../../../lib/host/pause.ts";

const nothingKept = () => Promise.resolve(assert.fail("nothing is kept"));

Deno.test("a flight lands once, when it is asked for and the disk has answered", async () => {
  const flight = createFlight(nothingKept);
  const disk = Promise.withResolvers<ReadonlySet<string>>();
  const landed: Flushed[] = [];
  flight.begin(disk.promise, (flushed) => Promise.resolve(void landed.push(flushed)));
  await flight.look();
  assert.deepEqual([flight.isUnderWay, landed], [true, []]);
  const settling = [flight.settle(), flight.settle()];
  await letOthers();
  assert.deepEqual([flight.isUnderWay, landed], [true, []]);
  disk.resolve(NOBODY_WAS_FIRST);
  await Promise.all(settling);
  await flight.settle();
  await flight.look();
  assert.deepEqual([flight.isUnderWay, landed], [false, [{ lost: NOBODY_WAS_FIRST }]]);
});

Deno.test("look() lands what the disk has answered for, and nothing lands by itself", async () => {
  const flight = createFlight(nothingKept);
  let landed = false;
  flight.begin(Promise.resolve(NOBODY_WAS_FIRST), () => Promise.resolve(void (landed = true)));
  await letOthers();
  assert.equal(landed, false);
  await flight.look();
  assert.equal(landed, true);
});

Deno.test("settle() concludes what is kept behind the batch, unless somebody has taken it back", async () => {
  const order: string[] = [];
  const flight = createFlight<string>((decided) => Promise.resolve(void order.push(decided)));
  const begin = () => flight.begin(Promise.resolve(NOBODY_WAS_FIRST), () => Promise.resolve(void order.push("landed")));
  begin();
  flight.keep("kept");
  await Promise.all([flight.settle(), flight.settle()]);
  assert.deepEqual([flight.isUnderWay, order.splice(0)], [false, ["landed", "kept"]]);
  begin();
  flight.keep("kept");
  assert.equal(flight.take(), "kept");
  assert.equal(flight.take(), null);
  await flight.settle();
  assert.deepEqual(order, ["landed"]);
});

Deno.test("settle() waits for a batch that somebody else has begun while it waited", async () => {
  const order: string[] = [];
  const flight = createFlight<string>(() => {
    begin("second");
    return letOthers();
  });
  const begin = (name: string) =>
    flight.begin(letOthers().then(() => NOBODY_WAS_FIRST), () => Promise.resolve(void order.push(name)));
  begin("first");
  flight.keep("kept");
  const waiting = [flight.settle(), flight.settle()];
  for (const one of waiting) {
    await one;
    assert.deepEqual(order, ["first", "second"]);
  }
});

Deno.test("what landing throws is thrown to whoever asked, and the place is empty", async () => {
  const flight = createFlight(nothingKept);
  flight.begin(Promise.resolve(NOBODY_WAS_FIRST), () => Promise.reject(new Error("unexpected")));
  await assert.rejects(flight.settle(), /unexpected/);
  assert.equal(flight.isUnderWay, false);
});

Deno.test("answerOf() is what was lost, or why it failed", async () => {
  const error = new Error("no space");
  assert.deepEqual(await answerOf(Promise.reject(error)), { error });
  assert.deepEqual(await answerOf(Promise.resolve(NOBODY_WAS_FIRST)), { lost: NOBODY_WAS_FIRST });
});

Deno.test("behind() lets duties come after what is under way, unless they may go beside it", async () => {
  const flight = createFlight(nothingKept);
  const order: string[] = [];
  const duty = (name: string, more: Partial<Duty> = {}): Duty => ({
    dueAt: (now) => now,
    perform: () => void order.push(name),
    ...more,
  });
  const [first, second] = behind(flight, [duty("beside", { isBesideFlight: true }), duty("after")]);
  const begin = () => flight.begin(Promise.resolve(NOBODY_WAS_FIRST), () => Promise.resolve(void order.push("landed")));
  begin();
  await first?.perform();
  await second?.perform();
  assert.deepEqual(order.splice(0), ["beside", "landed", "after"]);
  void second?.perform();
  assert.deepEqual(order, ["after"], "at once where nothing is under way");
});

Deno.test("behind() has the batch land at the end of a turn after which nothing would bring the next", async () => {
  const flight = createFlight(nothingKept);
  let due: number | null = 0;
  const reading: Duty = { dueAt: () => due, perform: () => {}, isBesideFlight: true };
  const duties = behind(flight, [reading]);
  const last = duties.at(-1)!;
  assert.equal(last.dueAt(1), null, "nothing is under way");
  flight.begin(Promise.resolve(NOBODY_WAS_FIRST), () => Promise.resolve());
  assert.equal(last.dueAt(1), null);
  for (due of [null, 5]) assert.equal(untilFirst(duties, 1), 0);
  await last.perform();
  assert.equal(flight.isUnderWay, false);
});
