import assert from "node:assert/strict";
import { createMemory } from "../../../daemon/replay/memory.ts";
import { ShortDigest } from "../../../daemon/replay/short_digest.ts";
import type { SeenPacket } from "../../../daemon/replay/store.ts";

const NOW = 1_795_300_998;
const MAX_AGE = 120;

function packet(seenAt: number): SeenPacket {
  const there = { destination: "10.77.0.1", destinationPort: 62201 };
  return { protocol: 17, source: "10.77.0.2", sourcePort: 33069, ...there, seenAt };
}

/** A memory and the hands of its two clocks. */
function setUp(maxAge: number | null = MAX_AGE) {
  const hands = { wall: NOW, steady: 0 };
  const memory = createMemory(maxAge, { clock: () => hands.wall * 1000, steady: () => hands.steady * 1000 });
  let count = 0;
  return {
    memory,
    hands,
    pass(seconds: number) {
      hands.wall += seconds;
      hands.steady += seconds;
    },
    /** Something new comes in. */
    add(name = `other ${count++}`) {
      assert.equal(memory.claim([name], packet(hands.wall)), true);
    },
  };
}

Deno.test("a memory forgets what cannot be repeated any more, and nothing before", () => {
  const { memory, pass, add } = setUp();
  add("first");
  pass(2 * MAX_AGE);
  add();
  assert.notEqual(memory.find("first"), undefined);
  pass(1);
  add();
  assert.equal(memory.find("first"), undefined);
  assert.equal(memory.forgottenUntil, NOW + MAX_AGE);
});

Deno.test("a memory is bounded by what can still be repeated", () => {
  const { memory, pass, add } = setUp();
  for (let i = 0; i < 2000; i++) {
    add();
    pass(1);
  }
  assert.equal(memory.size, 2 * MAX_AGE + 1);
  const everything = setUp(null);
  for (let i = 0; i < 2000; i++) {
    everything.add();
    everything.pass(1);
  }
  assert.equal(everything.memory.size, 2000, "where a packet of any age opens");
});

Deno.test("a clock that is set ahead and back again makes no copy new", () => {
  const { memory, hands, pass, add } = setUp();
  add("first");
  hands.wall += 86400;
  add();
  pass(60);
  add();
  assert.notEqual(memory.find("first"), undefined, "old by one clock only");
  hands.wall -= 86400;
  assert.equal(memory.claim(["first"], packet(hands.wall)), false);
});

Deno.test("an entry that is dated ahead stays until its time has come", () => {
  const { memory, hands, pass, add } = setUp();
  memory.claim(["ahead"], packet(NOW + 1000));
  for (let i = 0; i < 1000 + 2 * MAX_AGE; i += 10) {
    pass(10);
    add();
    assert.notEqual(memory.find("ahead"), undefined, `${hands.wall - NOW}`);
  }
  pass(4 * MAX_AGE);
  add();
  assert.equal(memory.find("ahead"), undefined);
});

Deno.test("keepFor() lengthens and shortens what is remembered", () => {
  const { memory, pass, add } = setUp();
  add("first");
  memory.keepFor(10 * MAX_AGE);
  pass(3 * MAX_AGE);
  add();
  assert.notEqual(memory.find("first"), undefined);
  memory.keepFor(MAX_AGE);
  add();
  assert.equal(memory.find("first"), undefined);
  memory.keepFor(null);
  assert.equal(memory.oldest, -Infinity);
});

Deno.test("a memory takes 32 bytes for a digest, however many there are", () => {
  const { memory } = setUp();
  const shortDigest = new ShortDigest();
  memory.loadMany(50_000, () => {
    for (let i = 0; i < 50_000; i++) {
      memory.load({
        shortDigest: shortDigest.read(String(i).padStart(43, "A").split("").reverse().join("")),
        seenAt: NOW,
      }, i);
    }
  });
  assert.equal(memory.size, 50_000);
  assert.ok(memory.bytes / memory.size <= 32, `${memory.bytes / memory.size}`);
});

Deno.test("a memory keeps how the last packets came, and of those that are not in the file until they are", () => {
  const { memory, add } = setUp();
  for (let i = 0; i < 5000; i++) add(`${i}`);
  assert.deepEqual(memory.find("0")?.packet, packet(NOW));
  memory.settle();
  assert.equal(memory.find("0")?.packet, null);
  assert.deepEqual(memory.find("4999")?.packet, packet(NOW));
});
