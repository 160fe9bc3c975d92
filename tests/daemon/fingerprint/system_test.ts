import assert from "node:assert/strict";
import { MAX_NAME, parseSignatures } from "../../../daemon/fingerprint/signatures.ts";
import { systemPattern, systemsOf } from "../../../daemon/fingerprint/system.ts";

Deno.test("systemsOf() names what fits a signature, and tells the traits of what fits none", () => {
  const { signatures } = parseSignatures("Linux: ttl=64 window=* options=*\n", "/f");
  const syn = { family: 4, ttl: 64, dontFragment: true, window: 1, mss: null, scale: null, options: "none" } as const;
  const seen = [{ syn, age: 1499 }, { syn: { ...syn, ttl: 128 }, age: 60_000 }];
  assert.deepEqual(systemsOf(seen, signatures), [
    { name: "Linux", syn: "ttl=64 df=yes window=1 mss=none scale=none options=none", age: 1 },
    { name: null, syn: "ttl=128 df=yes window=1 mss=none scale=none options=none", age: 60 },
  ]);
});

Deno.test("REQUIRE_OS is an expression in any letter case, and one that may take for ever is refused", () => {
  for (
    const [text, name, fits] of [
      ["linux", "Linux 6.x", true],
      ["^Linux|BSD$", "FreeBSD", true],
      ["^linux$", "Linux 6.x", false],
      ["Windows (10|11)", "Windows 10-11", true],
      ["[(*+]", "macOS (15)", true],
      ["\\(Linux\\)", "Android (Linux)", true],
    ] as const
  ) {
    const pattern = systemPattern.parse(text);
    assert.ok(pattern.ok, text);
    assert.equal(pattern.value.test(name), fits, text);
    assert.equal(systemPattern.format(pattern.value), text);
  }
  const reasons: readonly (readonly [string, RegExp])[] = [
    ["", /got nothing/],
    ["(", /that can be read/],
    ["[", /that can be read/],
    ["a{2,1}", /that can be read/],
    ["/linux/i", /without slashes/],
    ["x".repeat(129), /at most 128 characters/],
    ["(a+)+$", /without repeated groups/],
    ["(a|aa)*$", /without repeated groups/],
    ["([)]a*){9}", /without repeated groups/],
    ["(a)\\1", /references back/],
    ["a*a*a*a*a*b", /at most 4 repetitions/],
    [`${".?".repeat(5)}b`, /at most 4 repetitions/],
    [`${"(|)".repeat(7)}b`, /and 6 groups/],
  ];
  for (const [text, reason] of reasons) {
    const refused = systemPattern.parse(text);
    assert.ok(!refused.ok && reason.test(refused.fault), `${text}: ${JSON.stringify(refused)}`);
  }
});

Deno.test("the dearest expression that is taken comes to an end on the longest name", () => {
  for (const text of ["a*a*a*a*b", "(?:.*?)(?:.*?)(?:.*?)(?:.*?)b", `${"(a|a|a|a|a|a|a|a)".repeat(6)}b`]) {
    const pattern = systemPattern.parse(text);
    assert.ok(pattern.ok, text);
    assert.equal(pattern.value.test("a".repeat(MAX_NAME)), false);
  }
});
