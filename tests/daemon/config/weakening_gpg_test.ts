import assert from "node:assert/strict";
import { weakenings } from "../../../daemon/config/weakening.ts";
import { good } from "./in_memory.ts";

const [ONE, TWO] = ["1".repeat(40), "2".repeat(40)];

function stanza(...lines: readonly string[]): string {
  return ["SOURCE ANY", "HMAC_KEY hmackey", "REQUIRE_SOURCE_ADDRESS Y", ...lines, ""].join("\n");
}

/** What is said of the way there, and of the way back, without the place. */
function ways(before: readonly string[], after: readonly string[]) {
  const [was, is] = [good("", stanza(...before)), good("", stanza(...after))];
  const said = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^.* is weaker than the one in force: /, ""));
  return [said(weakenings(was, is)), said(weakenings(is, was))];
}

Deno.test("a reload says where more may send packets for GnuPG than before, and nothing for the way back", () => {
  const base = ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${ONE}`];
  const table: readonly [readonly string[], readonly string[], string][] = [
    [
      base,
      ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${ONE},${TWO}`],
      `who may sign packets was ${ONE}, is ${ONE},${TWO}`,
    ],
    [
      ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${ONE},${TWO}`, `GPG_REMOTE_ID ${ONE}`],
      ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${ONE},${TWO}`],
      `who may sign packets was ${ONE}, is ${ONE},${TWO}`,
    ],
    [[...base, "KEY k"], [...base, "KEY k", "GPG_DISABLE_SIG Y"], "GPG_DISABLE_SIG was N, is Y"],
    [base, [...base, "GPG_IGNORE_SIG_VERIFY_ERROR Y"], "GPG_IGNORE_SIG_VERIFY_ERROR was N, is Y"],
    [["KEY k"], [...base, "KEY k"], "what packets are encrypted with was a key, is a key, or a key pair of GnuPG"],
  ];
  for (const [before, after, expected] of table) assert.deepEqual(ways(before, after), [[expected], []], expected);
  assert.deepEqual(ways(base, ["GPG_ALLOW_NO_PW Y", `GPG_REMOTE_ID ${ONE}`]), [[], []]);
});

Deno.test("a reload knows a stanza for GnuPG again by who may sign, and tells its lost HMAC key", () => {
  const lines = ["SOURCE ANY", "GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${ONE}`, ""].join("\n");
  const said = weakenings(good("", `${lines}HMAC_KEY hmackey\n`), good("", lines));
  assert.match(said.join(), /the HMAC key was of 7 bytes, is none/);
});
