import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import type { RijndaelMode } from "../../../lib/crypto/engine.ts";
import type { Secrets } from "../../../lib/crypto/secrets.ts";
import { decodeBase64, encodeBase64 } from "../../../lib/base64.ts";
import { concat, textBytes } from "../../../lib/bytes.ts";
import { ipFromBytes } from "../../../lib/net/address.ts";
import { hintedSalt, hintNumber, hintOfWire, mayHint } from "../../../lib/spa/key_hint.ts";
import { open } from "../../../lib/spa/open.ts";
import { seal } from "../../../lib/spa/seal.ts";

const HMAC_KEY = textBytes("an example HMAC key");
const NOW = 1_767_225_600;

/** The hint as PROTOCOL.md says it, by other code. */
function byHand(hmacKey: Uint8Array, now: number): Uint8Array {
  const key = createHmac("sha256", hmacKey).update("fwknop salt hint 1").digest();
  const slot = new Uint8Array(8);
  new DataView(slot.buffer).setUint32(4, Math.floor(now / 30));
  return new Uint8Array(createHmac("sha256", key).update(slot).digest()).slice(0, 3);
}

function secrets(mode: RijndaelMode, hmac: Secrets["hmac"] = { name: "sha512", key: HMAC_KEY }): Secrets {
  return { cipher: { kind: "rijndael", mode, key: textBytes("an example key") }, hmac };
}

for (const [name, engine] of [["noble", nobleEngine], ["WebCrypto", webEngine]] as const) {
  Deno.test(`${name} engine: the hint is what the protocol says, for the whole slot and no longer`, async () => {
    const salt = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const at = async (now: number) => (await hintedSalt(engine, salt, { hmacKey: HMAC_KEY, now })).slice(0, 3);
    assert.deepEqual(await at(NOW), byHand(HMAC_KEY, NOW));
    assert.deepEqual(await at(NOW + 29), await at(NOW));
    assert.notDeepEqual(await at(NOW + 30), await at(NOW));
    assert.notDeepEqual(await at(NOW - 1), await at(NOW));
    const hinted = await hintedSalt(engine, salt, { hmacKey: HMAC_KEY, now: NOW });
    assert.deepEqual([...hinted], [...byHand(HMAC_KEY, NOW), 4, 5, 6, 7, 8]);
  });
}

/** The salt of a packet of these secrets whose random bytes are all 7. */
async function saltOf(given: Secrets, hint?: boolean): Promise<readonly number[]> {
  const allow = ipFromBytes(Uint8Array.of(192, 0, 2, 10));
  const request = { kind: "access", allow, services: [{ proto: "tcp", port: 22 }], nat: null, timeout: 0 } as const;
  const sealed = await seal(nobleEngine, { ...request, user: "alice", digest: "sha256" }, given, {
    now: NOW,
    random: (length) => new Uint8Array(length).fill(7),
    ...hint === undefined ? {} : { hint },
  });
  assert.ok(sealed.ok);
  const opened = await open(nobleEngine, sealed.value.wire, given);
  assert.ok(opened.ok, "a receiver that knows nothing of hints opens it");
  return [...decodeBase64(`U2FsdGVkX1${sealed.value.wire}`.slice(0, 24))!.subarray(8, 16)];
}

Deno.test("seal() puts the hint into the salt where it is asked to and where the mode bears an equal salt", async () => {
  const random = Array(8).fill(7);
  const hinted = [...byHand(HMAC_KEY, NOW), 7, 7, 7, 7, 7];
  for (const mode of ["cbc", "cfb", "ecb", "legacy"] as const) {
    assert.deepEqual(await saltOf(secrets(mode), true), hinted, mode);
  }
  for (const mode of ["ctr", "ofb"] as const) assert.deepEqual(await saltOf(secrets(mode), true), random, mode);
  assert.deepEqual(await saltOf(secrets("cbc", null), true), random, "no HMAC key");
  assert.deepEqual(await saltOf(secrets("cbc"), false), random);
  assert.deepEqual(await saltOf(secrets("cbc")), random);
});

Deno.test("hintOfWire() reads the first bytes of the salt, and nothing out of a text that cannot begin so", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), (salt) => {
    const full = encodeBase64(concat(textBytes("Salted__"), salt));
    assert.equal(hintOfWire(full.slice("U2FsdGVkX1".length)), hintNumber(salt));
  }));
  for (const text of ["", "8AAA", "8AA=AAAA", "8AAA\u0141AAA", "\xff8AAAAAA"]) {
    assert.equal(hintOfWire(text), null, text);
  }
});

Deno.test("mayHint() is false for GnuPG, whose packets have no salt", () => {
  assert.equal(mayHint({ cipher: { kind: "gpg" }, hmac: { name: "sha256", key: HMAC_KEY } }), false);
});
