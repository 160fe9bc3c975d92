import assert from "node:assert/strict";
import { activeSlots, SLOTS, type SlotSwitches } from "../../../daemon/firewall/slots.ts";

const OFF: SlotSwitches = { output: false, forwarding: false, localNat: false, snat: false, published: false };

Deno.test("activeSlots() follows the switches of the C daemon", () => {
  assert.deepEqual(activeSlots(OFF), ["input"]);
  assert.deepEqual(activeSlots({ ...OFF, output: true }), ["input", "output"]);
  assert.deepEqual(activeSlots({ ...OFF, snat: true }), ["input"]);
  assert.deepEqual(activeSlots({ ...OFF, localNat: true }), ["input", "forward", "dnat"]);
  assert.deepEqual(activeSlots({ ...OFF, forwarding: true, snat: true }), [
    "input",
    "forward",
    "dnat",
    "snat",
    "masquerade",
  ]);
});

Deno.test("activeSlots() have published services where a stanza wants them", () => {
  assert.deepEqual(activeSlots({ ...OFF, published: true }), ["input", "published"]);
});

Deno.test("activeSlots() are all of them with everything on", () => {
  assert.deepEqual(
    activeSlots({ output: true, forwarding: true, localNat: true, snat: true, published: true }),
    SLOTS,
  );
});
