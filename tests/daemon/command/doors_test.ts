import assert from "node:assert/strict";
import { createDoors, type Door } from "../../../daemon/command/doors.ts";

function scene() {
  const time = { clock: 1_000_000, steady: 0 };
  const doors = createDoors({ clock: () => time.clock, steady: () => time.steady });
  const door = (text: string, change: Partial<Door> = {}): Door => ({
    id: text,
    stanza: 1,
    close: { text } as Door["close"],
    opened: new Set(),
    wellOpened: null,
    failed: false,
    job: null,
    dueAt: 1000,
    due: 1_001_000,
    closing: false,
    ...change,
  });
  const due = () => doors.due().map(({ close }) => close.text);
  return { time, doors, door, due };
}

Deno.test("createDoors() gives those whose time is over on either clock, in its order", () => {
  const { time, doors, door, due } = scene();
  assert.equal(doors.dueAt(0), null);
  doors.put(door("late", { dueAt: 3000, due: 1_003_000 }));
  doors.put(door("early"));
  doors.put(door("next", { dueAt: 2000, due: 1_002_000 }));
  assert.equal(doors.dueAt(0), 1000);
  assert.deepEqual(due(), []);
  time.steady = 2000;
  assert.deepEqual(due(), ["early", "next"]);
  time.steady = 0;
  time.clock = 1_003_000;
  assert.deepEqual(due(), ["early", "next", "late"], "a clock that was set ahead");
  assert.equal(doors.dueAt(0), -2000);
});

Deno.test("createDoors() does not bring up what is being closed or gone, and does when it is open again", () => {
  const { time, doors, door, due } = scene();
  time.steady = 1000;
  const one = door("one");
  doors.put(one);
  doors.put(Object.assign(one, { closing: true }));
  assert.deepEqual([due(), doors.dueAt(1000), doors.size], [[], null, 1]);
  doors.put(Object.assign(one, { closing: false, dueAt: 1500, due: 1_001_500 }));
  assert.equal(doors.dueAt(1000), 1500);
  doors.delete(one);
  assert.deepEqual([doors.dueAt(1000), doors.size, doors.get("one")], [null, 0, undefined]);
});

Deno.test("createDoors() knows the close commands of a stanza, also of a door that is another's now", () => {
  const { doors, door } = scene();
  doors.put(door("one"));
  doors.put(door("two", { stanza: 2 }));
  assert.deepEqual([...doors.heldBy(1)], ["one"]);
  doors.put(door("one", { stanza: 2 }));
  assert.deepEqual([[...doors.heldBy(1)], [...doors.heldBy(2)].sort()], [[], ["one", "two"]]);
  doors.delete(door("one", { stanza: 2 }));
  assert.deepEqual([...doors.heldBy(2)], ["two"]);
});
