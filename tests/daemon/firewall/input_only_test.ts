import assert from "node:assert/strict";
import { inputOnly } from "../../../daemon/firewall/input_only.ts";
import { SLOTS } from "../../../daemon/firewall/slots.ts";

Deno.test("inputOnly() refuses every kind of grant but that for this host, with the name and a remedy", () => {
  assert.equal(inputOnly("pf", "input"), null);
  for (const slot of SLOTS.filter((one) => one !== "input")) {
    const refusal = inputOnly("pf", slot);
    assert.match(refusal?.reason ?? "", /\bpf\b/, slot);
    assert.notEqual(refusal?.hint ?? "", "", slot);
  }
  assert.match(inputOnly("pf", "foreign")?.reason ?? "", /somebody else/);
});
