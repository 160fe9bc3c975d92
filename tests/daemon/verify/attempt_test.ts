import assert from "node:assert/strict";
import { type Attempt, noSuchCipher, openingFailed } from "../../../daemon/verify/attempt.ts";
import { fault } from "../../../lib/faults.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { ip, KEYS, NOW, stanza } from "../../fakes/knock.ts";

const match = { stanza: stanza({ number: 2 }), source: ip("198.51.100.7"), destination: null, now: NOW };
const attempt: Attempt = { match, secrets: KEYS };
const TAG = "[198.51.100.7] (stanza #2)";

Deno.test("noSuchCipher() tells by its length what a packet is encrypted with", () => {
  const type = (length: number) => textOf(noSuchCipher(match, "A".repeat(length)));
  assert.equal(type(200), `${TAG} No stanza encryption mode match for encryption type: 1.`);
  assert.equal(type(500), `${TAG} No stanza encryption mode match for encryption type: 2.`);
});

Deno.test("openingFailed() says why, and of an HMAC in the words that scripts know", () => {
  const said = (code: Parameters<typeof fault>[0], length = 200) =>
    openingFailed(attempt, "A".repeat(length), fault(code)).map((finding) => `${finding.code}: ${textOf(finding)}`);
  const [first, second, ...more] = said("hmac-mismatch");
  assert.match(first!, /^opening-failed: .*Error creating fko context: .*HMAC/);
  assert.equal(second, `hmac-mismatch: ${TAG} Non-corresponding HMAC for this stanza`);
  assert.deepEqual(more, []);
  assert.match(said("plaintext-length")[0]!, /^not-opened: .*Error creating fko context: /);
  assert.match(said("plaintext-length", 500)[0]!, /^no-such-cipher: /, "too long for the cipher that was tried");
});
