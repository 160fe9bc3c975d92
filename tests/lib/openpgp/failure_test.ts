import assert from "node:assert/strict";
import { formatGpgFailure, gpgFail } from "../../../lib/openpgp/failure.ts";

Deno.test("a failure is told with its number and the words that scripts look for", () => {
  const rows = [
    ["gpg-signer-not-found", /^Error 125 - The key for .* not found: here$/],
    ["gpg-recipient-not-found", /^Error 130 - The key for .* not found: here$/],
    ["gpg-executable", /^Error 134 - Unable to stat .*: here$/],
    ["gpg-home-bad", /^Error 135 - Unable to stat .*: here$/],
  ] as const;
  for (const [code, says] of rows) {
    const { fault } = gpgFail(code, "here", "the next move");
    assert.match(formatGpgFailure(fault), says);
    assert.equal(fault.remedy, "the next move");
  }
});
