import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeMessages, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { NFTA } from "../../../ffi/nfnetlink/constants.ts";
import { COMPARISONS, decodeExpressions } from "../../../ffi/nfnetlink/expressions.ts";
import type { RuleStep } from "../../../ffi/nfnetlink/ruleset.ts";
import { BODY, find } from "../../../ffi/nfnetlink/scan.ts";
import { expressionsAttribute } from "../../../ffi/nfnetlink/write_expressions.ts";

function encoded(steps: readonly RuleStep[]): Uint8Array {
  const attributes = [expressionsAttribute(steps)];
  const [message] = readMessages(encodeMessages([{ type: 1, flags: 0, seq: 1, family: 1, attributes }]));
  assert.ok(message);
  return message.body;
}

const register = fc.nat(15);
const optional = fc.option(register);
const u32 = fc.nat(0xffffffff);
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !text.includes("\0"));
const verdict = fc.oneof(
  fc.record({ kind: fc.constantFrom("accept", "drop", "return", "continue", "queue" as const) }),
  fc.record({ kind: fc.constantFrom("jump", "goto" as const), chain: name }),
);
const step: fc.Arbitrary<RuleStep> = fc.oneof(
  fc.record({ kind: fc.constant("payload" as const), base: u32, offset: u32, length: u32, to: register }),
  fc.record({ kind: fc.constant("meta" as const), key: u32, to: register }),
  fc.record({
    kind: fc.constant("compare" as const),
    from: register,
    how: fc.constantFrom(...COMPARISONS),
    value: fc.uint8Array({ minLength: 1, maxLength: 16 }),
  }),
  fc.record({
    kind: fc.constant("lookup" as const),
    from: register,
    set: name,
    to: fc.oneof(optional, fc.constant("verdict" as const)),
    inverted: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("verdict" as const), verdict }),
  fc.record({
    kind: fc.constant("nat" as const),
    type: fc.constantFrom("snat", "dnat" as const),
    family: fc.constantFrom(4, 6, null),
    address: optional,
    port: optional,
  }),
  fc.record({ kind: fc.constant("masquerade" as const), port: optional }),
);

Deno.test("what is written is read back", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
    const body = encoded(steps);
    assert.deepEqual(decodeExpressions(body, find(body, BODY, NFTA.rule.expressions)), structuredClone(steps));
  }));
});

Deno.test("a masquerade to a port says so in its flags, byte for byte", () => {
  assert.equal(
    encoded([{ kind: "masquerade", port: 0 }]).toHex(),
    "01000000" + "28000480" + "24000180" + "09000100" + "6d61737100000000" + "14000280" +
      "0800010000000002" + "0800020000000001",
  );
  assert.equal(
    encoded([{ kind: "masquerade", port: null }]).toHex(),
    "01000000" + "18000480" + "14000180" + "09000100" + "6d61737100000000" + "04000280",
  );
});
