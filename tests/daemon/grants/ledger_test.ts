import assert from "node:assert/strict";
import fc from "fast-check";
import { type Access, accessKey, type Grant } from "../../../daemon/firewall/firewall.ts";
import { createLedger, latestByAccess } from "../../../daemon/grants/ledger.ts";
import { address } from "../../contract/addresses.ts";

const access = (port: number): Access => ({
  slot: "input",
  source: address("192.0.2.7"),
  destination: null,
  service: { proto: "tcp", port },
});
const grant = (port: number, expiresAt: number): Grant => ({ access: access(port), expiresAt });

Deno.test("createLedger() knows what is live, what is due and when to wake up", () => {
  const ledger = createLedger();
  assert.equal(ledger.nextDue(), null);
  assert.deepEqual(ledger.due(1e9), []);
  ledger.record([grant(22, 100), grant(23, 50), grant(24, 150)]);
  assert.equal(ledger.nextDue(), 50);
  assert.deepEqual(ledger.due(49), []);
  assert.deepEqual(ledger.due(50), [grant(23, 50)]);
  assert.deepEqual(ledger.live(50), [grant(22, 100), grant(24, 150)]);
  ledger.close(ledger.due(50));
  assert.equal(ledger.nextDue(), 100);
  assert.equal(ledger.size, 2);
  assert.deepEqual(ledger.due(1000), [grant(22, 100), grant(24, 150)]);
});

Deno.test("createLedger() extends a door that is renewed and never shortens one", () => {
  const ledger = createLedger();
  ledger.record([grant(22, 100)]);
  assert.deepEqual(ledger.record([grant(22, 60)]), [grant(22, 100)]);
  assert.equal(ledger.nextDue(), 100);
  assert.deepEqual(ledger.record([grant(22, 160)]), [grant(22, 160)]);
  assert.equal(ledger.nextDue(), 160);
  assert.deepEqual(ledger.due(100), []);
  assert.equal(ledger.expiryOf(grant(22, 0)), 160);
  assert.equal(ledger.expiryOf(grant(23, 0)), null);
});

Deno.test("createLedger() keeps a door that was renewed while it was being closed", () => {
  const ledger = createLedger();
  ledger.record([grant(22, 100)]);
  const due = ledger.due(100);
  ledger.record([grant(22, 160)]);
  ledger.close(due);
  assert.deepEqual(ledger.live(100), [grant(22, 160)]);
});

Deno.test("createLedger() brings up a door again that could not be closed, but not at once", () => {
  const ledger = createLedger();
  ledger.record([grant(22, 100), grant(23, 100)]);
  ledger.postpone([grant(22, 100)], 105);
  assert.deepEqual(ledger.due(100), [grant(23, 100)]);
  ledger.close([grant(23, 100)]);
  assert.equal(ledger.nextDue(), 105);
  assert.deepEqual(ledger.live(101), []);
  assert.deepEqual(ledger.due(105), [grant(22, 100)]);
  ledger.record([grant(22, 200)]);
  assert.equal(ledger.nextDue(), 200);
});

Deno.test("createLedger() starts with the doors of an earlier run, those included that are overdue", () => {
  const ledger = createLedger([grant(22, 10), grant(23, 200)]);
  assert.deepEqual(ledger.due(100), [grant(22, 10)]);
  assert.deepEqual(ledger.live(100), [grant(23, 200)]);
});

Deno.test("createLedger() tells what the packet filter lost and takes in what it found there", () => {
  const ledger = createLedger([grant(22, 200), grant(23, 200), grant(24, 200), grant(25, 90)]);
  const foreign: Grant = {
    access: { slot: "foreign", family: 4, table: "filter", chain: "FWKNOP_INPUT", rule: "-j ACCEPT" },
    expiresAt: 120,
  };
  // 23 has lost a second to rounding, 24 really has less time, 25 was over, 22 ends later than known.
  const { lost, found } = ledger.agree([grant(22, 300), grant(23, 199), grant(24, 150), foreign], 100);
  assert.deepEqual(lost, [grant(24, 200)]);
  assert.deepEqual(found, [grant(22, 300), foreign]);
  assert.equal(ledger.nextDue(), 90);
  assert.equal(ledger.expiryOf(grant(22, 0)), 300);
  assert.deepEqual(ledger.agree([grant(22, 300), grant(23, 200), grant(24, 200), foreign], 100), {
    lost: [],
    found: [],
  });
});

Deno.test("latestByDoor() takes the grant that ends last", () => {
  assert.deepEqual([...latestByAccess([grant(1, 5), grant(2, 9), grant(1, 7), grant(1, 6)]).values()], [
    grant(1, 7),
    grant(2, 9),
  ]);
});

Deno.test("createLedger() agrees with a list that is searched from end to end", () => {
  const step = fc.record({
    kind: fc.constantFrom("record", "close", "tick"),
    port: fc.integer({ min: 1, max: 4 }),
    seconds: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const ledger = createLedger();
    const naive = new Map<number, number>();
    let now = 0;
    for (const { kind, port, seconds } of steps) {
      if (kind === "tick") now += seconds;
      if (kind === "record") {
        ledger.record([grant(port, now + seconds)]);
        naive.set(port, Math.max(naive.get(port) ?? 0, now + seconds));
      }
      if (kind === "close") {
        ledger.close(ledger.due(now));
        for (const [known, end] of naive) if (end <= now) naive.delete(known);
      }
      const ends = [...naive.values()];
      assert.equal(ledger.nextDue(), ends.length === 0 ? null : Math.min(...ends));
      assert.equal(ledger.live(now).length, ends.filter((end) => end > now).length);
      assert.equal(ledger.due(now).length, ends.filter((end) => end <= now).length);
    }
  }));
});

Deno.test("createLedger() counts what is open for a stanza, and knows it", () => {
  const ledger = createLedger([grant(21, 500)]);
  ledger.record([{ ...grant(22, 100), stanza: 1 }, { ...grant(23, 50), stanza: 1 }, { ...grant(24, 90), stanza: 2 }]);
  const key = accessKey(access(23));
  assert.deepEqual([ledger.heldBy(1, 49).size, ledger.heldBy(1, 49).has(key)], [2, true]);
  assert.deepEqual([ledger.heldBy(1, 50).size, ledger.heldBy(1, 50).has(key)], [1, false]);
  assert.equal(ledger.heldBy(2, 50).has(key), false);
  ledger.record([{ ...grant(23, 200), stanza: 2 }]);
  assert.deepEqual([ledger.heldBy(1, 50).size, ledger.heldBy(2, 50).size], [1, 2], "whoever renewed it has it");
  ledger.close([grant(22, 100), grant(24, 90)]);
  assert.deepEqual([ledger.heldBy(1, 60).size, ledger.heldBy(2, 60).size, ledger.heldBy(3, 60).size], [0, 1, 0]);
});

Deno.test("createLedger() numbers grants among those of their slot and family, as they were opened", () => {
  const ledger = createLedger();
  const six: Grant = {
    access: { slot: "input", source: address("2001:db8::7"), destination: null, service: { proto: "tcp", port: 22 } },
    expiresAt: 100,
  };
  ledger.record([grant(22, 100), six, grant(23, 50), grant(24, 150)]);
  ledger.record([grant(22, 300)]);
  assert.deepEqual([grant(22, 0), six, grant(23, 0), grant(24, 0), grant(25, 0)].map(ledger.numberOf), [
    1,
    1,
    2,
    3,
    null,
  ]);
  ledger.close([grant(23, 50)]);
  assert.deepEqual([grant(22, 0), grant(24, 0)].map(ledger.numberOf), [1, 2]);
});
