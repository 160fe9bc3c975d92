import assert from "node:assert/strict";
import { isAuthentic, isRefusal } from "../../../daemon/verify/findings.ts";
import { refusal } from "../../../daemon/verify/refusals.ts";
import { remark } from "../../../daemon/verify/remarks.ts";
import { ip } from "../../fakes/knock.ts";

const at = { source: ip("192.0.2.7"), stanza: 1 };
const came = remark("source-match", at);
const stranger = refusal("hmac-mismatch", at);
const keyHolder = refusal("service-denied", at);

Deno.test("isRefusal() tells refusals from remarks", () => {
  assert.deepEqual([came, stranger, keyHolder].map(isRefusal), [false, true, true]);
});

Deno.test("isAuthentic() is for packets that a key of ours made, wherever in the story that shows", () => {
  assert.equal(isAuthentic([]), false);
  assert.equal(isAuthentic([came, stranger]), false);
  assert.equal(isAuthentic([came, stranger, keyHolder]), true);
  assert.equal(isAuthentic([came, keyHolder, stranger]), true);
});
