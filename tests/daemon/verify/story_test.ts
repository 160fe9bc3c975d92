import assert from "node:assert/strict";
import { refusal } from "../../../daemon/verify/refusals.ts";
import { remark } from "../../../daemon/verify/remarks.ts";
import { createStory } from "../../../daemon/verify/story.ts";
import { ip } from "../../fakes/knock.ts";

const at = (stanza: number) => ({ source: ip("192.0.2.1"), stanza });
const came = remark("source-match", at(1));
const expired = refusal("stanza-expired", at(4));
const last = refusal("service-denied", at(8));

function writer() {
  const asked: string[] = [];
  const story = createStory(({ place, now, isBrief }) => {
    asked.push(`${place} at ${now}${isBrief ? ", brief" : ""}`);
    return [remark("opening-failed", { ...at(place + 1), reason: "why" }), refusal("hmac-mismatch", at(place + 1))];
  });
  return { asked, story };
}

Deno.test("a story is told in order, and what is said of stanzas that were passed over is made when it is read, once", () => {
  const { asked, story } = writer();
  story.passOver({ from: 0, to: 3, now: 10, isSpared: false });
  story.push(expired);
  story.passOver({ from: 4, to: 4, now: 10, isSpared: false });
  story.passOver({ from: 5, to: 6, now: 11, isSpared: false });
  const told = story.tell([came], [last]);
  assert.deepEqual(told.notable, [came, expired, last]);
  assert.deepEqual(asked, []);
  const stanzas = told.findings.map(({ code, facts }) => [code, "stanza" in facts ? facts.stanza : null]);
  const other = (stanza: number) => [["opening-failed", stanza], ["hmac-mismatch", stanza]];
  const before = [["source-match", 1], ...[1, 2, 3].flatMap(other), ["stanza-expired", 4]];
  assert.deepEqual(stanzas, [...before, ...other(6), ["service-denied", 8]]);
  assert.equal(told.findings, told.findings);
  assert.deepEqual(asked, ["0 at 10", "1 at 10", "2 at 10", "5 at 11"]);
});

Deno.test("a story is told in brief without being made as a whole, and in whole afterwards", () => {
  const { asked, story } = writer();
  story.passOver({ from: 0, to: 1, now: 10, isSpared: false });
  const told = story.tell([came]);
  assert.equal(told.brief.length, 3);
  assert.deepEqual(asked, ["0 at 10, brief"]);
  assert.equal(told.findings.length, 3);
  assert.equal(told.brief, told.findings);
  assert.deepEqual(asked, ["0 at 10, brief", "0 at 10"]);
});

Deno.test("what is found out later does not change a story that was told", () => {
  const { asked, story } = writer();
  story.push(expired);
  const told = story.tell([]);
  story.push(last);
  story.passOver({ from: 0, to: 9, now: 10, isSpared: false });
  assert.deepEqual([told.findings, told.notable, asked], [[expired], [expired], []]);
});

Deno.test("of stanzas that a hint spared only the whole story tells", () => {
  const { asked, story } = writer();
  story.passOver({ from: 0, to: 1, now: 10, isSpared: true });
  story.push(expired);
  const told = story.tell([came], [last]);
  assert.deepEqual(told.brief, [came, expired, last]);
  assert.deepEqual(asked, []);
  assert.equal(told.findings.length, 5);
});
