import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { authenticationTag } from "../../../lib/spa/tag.ts";

Deno.test("authenticationTag() is the HMAC of the text, in base64 without its end", async () => {
  const key = new TextEncoder().encode("hmac key");
  for (const name of ["md5", "sha1", "sha256", "sha384", "sha512"] as const) {
    const expected = createHmac(name, key).update("U2FsdGVkX1some text").digest("base64").replace(/=+$/, "");
    assert.equal(await authenticationTag(nobleEngine, "U2FsdGVkX1some text", { name, key }), expected, name);
  }
});
