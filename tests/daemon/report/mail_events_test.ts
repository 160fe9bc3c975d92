import assert from "node:assert/strict";
import fc from "fast-check";
import {
  collect,
  type Collection,
  countOf,
  EVENT_KINDS,
  join,
  kindOfRefusal,
  MOST_TOLD,
  NOTHING,
} from "../../../daemon/report/mail_events.ts";
import { refusal } from "../../../daemon/verify/refusals.ts";
import { parseIp } from "../../../lib/net/address.ts";

const text = (said: string) => () => said;

Deno.test("collect() keeps the words of the first ones of each kind, and counts the others without making their words", () => {
  let collection: Collection = NOTHING, made = 0;
  const event = { at: 1, text: () => `replay ${++made}` };
  for (let i = 0; i < 1000; i++) collection = collect(collection, "replays", event);
  collection = collect(collection, "grants", { at: 2, text: text("opened") });
  assert.equal(made, MOST_TOLD);
  assert.equal(collection.replays.count, 1000);
  assert.deepEqual(collection.grants, { told: [{ at: 2, text: "opened" }], count: 1 });
  assert.equal(countOf(collection), 1001);
});

Deno.test("join() is what collecting one after the other would have given", () => {
  const events = fc.array(fc.tuple(fc.constantFrom(...EVENT_KINDS), fc.integer(), fc.string()), { maxLength: 60 });
  const gather = (list: readonly (readonly [(typeof EVENT_KINDS)[number], number, string])[]) =>
    list.reduce((sum, [kind, at, said]) => collect(sum, kind, { at, text: text(said) }), NOTHING);
  fc.assert(fc.property(events, events, (first, second) => {
    assert.deepEqual(join(gather(first), gather(second)), gather([...first, ...second]));
  }));
});

Deno.test("kindOfRefusal() tells key holders and replays from what anybody can send", () => {
  const ip = parseIp("192.0.2.7");
  assert.ok(ip.ok);
  const at = { source: ip.value, stanza: 1 };
  assert.equal(kindOfRefusal([refusal("service-denied", at)]), "refusals");
  assert.equal(kindOfRefusal([refusal("hmac-mismatch", at), refusal("test-mode", at)]), "refusals");
  assert.equal(kindOfRefusal([refusal("replay-elsewhere", at)]), "replays");
  assert.equal(kindOfRefusal([refusal("hmac-mismatch", at)]), null);
  assert.equal(kindOfRefusal([refusal("unknown-source", at)]), null);
  assert.equal(kindOfRefusal([]), null);
});
