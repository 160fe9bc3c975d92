import assert from "node:assert/strict";
import { allFaults, fault, type FaultCode, faultText } from "../../lib/faults.ts";

Deno.test("the fault table has every number of the C library once, and the one of its daemon", () => {
  const expected = Array.from({ length: 140 }, (_, number) => number).filter((number) => number !== 114);
  assert.deepEqual(allFaults().map(({ number }) => number), [...expected, 4096]);
});

Deno.test("numbers 5 to 93 have the sentence and a token that scripts match on", () => {
  for (const row of allFaults()) {
    const matches = /^Args contain invalid data: FKO_ERROR_INVALID_DATA_[A-Z0-9_]+$/.test(faultText(row));
    assert.equal(matches, row.number >= 5 && row.number <= 93, faultText(row));
  }
  assert.equal(faultText(fault("hmac-mismatch")), "Args contain invalid data: FKO_ERROR_INVALID_DATA_HMAC_COMPAREFAIL");
  assert.equal(faultText(fault("bad-argument")), "Args contain invalid data");
});

Deno.test("the fragments that scripts match stand in the texts of the other numbers", () => {
  const fragments: readonly [FaultCode, number, string][] = [
    ["key-length", 95, "Invalid key length"],
    ["allow-ip-invalid", 100, "Invalid allow IP"],
    ["command-message-invalid", 101, "Invalid SPA command"],
    ["access-message-invalid", 102, "Invalid SPA access message"],
    ["nat-access-invalid", 103, "Invalid SPA nat_access"],
    ["hmac-key-length", 109, "Invalid HMAC key length"],
  ];
  for (const [code, number, fragment] of fragments) {
    assert.equal(fault(code).number, number);
    assert.ok(faultText(fault(code)).includes(fragment), code);
  }
});

Deno.test("faults of one code are one object, and all texts differ", () => {
  assert.equal(fault("hmac-mismatch"), fault("hmac-mismatch"));
  assert.equal(new Set(allFaults().map(faultText)).size, allFaults().length);
  assert.throws(() => fault("no-such" as FaultCode), RangeError);
});
