import assert from "node:assert/strict";
import { DIGESTS, MODES, pairwise } from "./combinations.ts";

Deno.test("pairwise() holds every pair of digest, HMAC and mode", () => {
  const all = pairwise();
  const has = (digest: string | null, hmac: string | null | undefined, mode: string | null) =>
    all.some((one) =>
      (digest === null || one.digest === digest) && (hmac === undefined || one.hmac === hmac) &&
      (mode === null || one.mode === mode)
    );
  for (const digest of DIGESTS) {
    for (const mode of [...MODES, "legacy"]) assert.ok(has(digest, undefined, mode), `${digest} ${mode}`);
    for (const hmac of [...DIGESTS, null]) assert.ok(has(digest, hmac, null), `${digest} ${hmac}`);
  }
  for (const hmac of [...DIGESTS, null]) for (const mode of MODES) assert.ok(has(null, hmac, mode), `${hmac} ${mode}`);
  assert.ok(has(null, null, "legacy"));
});
