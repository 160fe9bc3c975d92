import assert from "node:assert/strict";
import { be32Attribute, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import { type Attribute, encodeMessages, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { decodeExpressions } from "../../../ffi/nfnetlink/expressions.ts";
import type { Expression } from "../../../ffi/nfnetlink/ruleset.ts";
import { BODY, find } from "../../../ffi/nfnetlink/scan.ts";

const REG_VERDICT = 0, REG_1 = 1, REG_2 = 2, REG_4 = 4, REG32_00 = 8, REG32_15 = 23;

/** One expression as the kernel would tell it. */
function decoded(name: string, data: readonly Attribute[]): Expression {
  const expression = { type: 1, value: [stringAttribute(1, name), { type: 2, value: data }] };
  const [message] = readMessages(encodeMessages([{
    type: 1,
    flags: 0,
    seq: 1,
    family: 1,
    attributes: [{ type: 4, value: [expression] }],
  }]));
  assert.ok(message);
  const [first, ...more] = decodeExpressions(message.body, find(message.body, BODY, 4));
  assert.ok(first !== undefined && more.length === 0);
  return first;
}

function value(type: number, ...bytes: readonly number[]): Attribute {
  return { type, value: [{ type: 1, value: Uint8Array.from(bytes) }] };
}

function verdict(code: number, chain?: string): Attribute {
  const parts = [be32Attribute(1, code), ...chain === undefined ? [] : [stringAttribute(2, chain)]];
  return { type: 2, value: [{ type: 2, value: parts }] };
}

const n = be32Attribute;

Deno.test("registers are numbered by 32 bits, however the kernel names them", () => {
  const to = (register: number) => decoded("meta", [n(1, register), n(2, 16)]);
  const wanted = [[REG_1, 0], [REG_2, 4], [REG_4, 12], [REG32_00, 0], [9, 1], [REG32_15, 15]] as const;
  for (const [register, number] of wanted) assert.deepEqual(to(register), { kind: "meta", key: 16, to: number });
  // The verdict's own register and numbers without one.
  for (const register of [0, 5, 7, 24, 0xffffffff]) {
    assert.deepEqual(to(register), { kind: "other", name: "meta", to: null });
  }
});

Deno.test("decodeExpressions() reads what is loaded from a packet", () => {
  assert.deepEqual(decoded("payload", [n(1, REG_1), n(2, 1), n(3, 12), n(4, 4)]), {
    kind: "payload",
    base: 1,
    offset: 12,
    length: 4,
    to: 0,
  });
  assert.deepEqual(decoded("ct", [n(1, REG_1), n(2, 0)]), { kind: "ct", key: 0, to: 0 });
  assert.deepEqual(decoded("ct", [n(1, REG_2), n(2, 8), { type: 3, value: Uint8Array.of(0) }]), {
    kind: "ct original",
    key: 8,
    to: 4,
  });
  assert.deepEqual(decoded("ct", [n(1, REG_2), n(2, 8), { type: 3, value: Uint8Array.of(1) }]), {
    kind: "other",
    name: "ct",
    to: 4,
  });
});

Deno.test("decodeExpressions() tells what is written apart from what is read", () => {
  assert.deepEqual(decoded("meta", [n(2, 3), n(3, REG_1)]), { kind: "other", name: "meta set", to: null });
  assert.deepEqual(decoded("ct", [n(2, 1), n(4, REG_1)]), { kind: "other", name: "ct set", to: null });
  assert.deepEqual(decoded("payload", [n(5, REG_1), n(2, 1), n(3, 1), n(4, 1)]), {
    kind: "other",
    name: "payload set",
    to: null,
  });
});

Deno.test("decodeExpressions() reads arithmetic", () => {
  const masked = [n(1, REG_1), n(2, REG_2), n(3, 2), value(4, 0xff, 0), value(5, 0, 1)];
  const bitwise = { kind: "bitwise", from: 0, to: 4, mask: Uint8Array.of(0xff, 0), xor: Uint8Array.of(0, 1) };
  assert.deepEqual(decoded("bitwise", masked), bitwise);
  assert.deepEqual(decoded("bitwise", [...masked, n(6, 0)]), bitwise);
  // A shift.
  assert.deepEqual(decoded("bitwise", [...masked, n(6, 1)]), { kind: "other", name: "bitwise", to: 4 });
  assert.deepEqual(decoded("byteorder", [n(1, REG_1), n(2, REG_1), n(3, 0), n(4, 4), n(5, 2)]), {
    kind: "byteorder",
    from: 0,
    to: 0,
    size: 2,
    length: 4,
  });
});

Deno.test("decodeExpressions() reads comparisons", () => {
  for (const [number, how] of ["eq", "ne", "lt", "le", "gt", "ge"].entries()) {
    assert.deepEqual(decoded("cmp", [n(1, REG_1), n(2, number), value(3, 0, 22)]), {
      kind: "compare",
      from: 0,
      how,
      value: Uint8Array.of(0, 22),
    });
  }
  assert.deepEqual(decoded("cmp", [n(1, REG_1), n(2, 6), value(3, 0, 22)]), { kind: "other", name: "cmp", to: null });
  const range = { kind: "range", from: 0, low: Uint8Array.of(1), high: Uint8Array.of(9) };
  const ends = [value(3, 1), value(4, 9)];
  assert.deepEqual(decoded("range", [n(1, REG_1), n(2, 0), ...ends]), { ...range, inside: true });
  assert.deepEqual(decoded("range", [n(1, REG_1), n(2, 1), ...ends]), { ...range, inside: false });
});

Deno.test("decodeExpressions() reads lookups in sets, maps and verdict maps", () => {
  const set = [stringAttribute(1, "doors"), n(2, REG_1)];
  const lookup = { kind: "lookup", from: 0, set: "doors", to: null, inverted: false };
  assert.deepEqual(decoded("lookup", set), lookup);
  assert.deepEqual(decoded("lookup", [...set, n(5, 1)]), { ...lookup, inverted: true });
  assert.deepEqual(decoded("lookup", [...set, n(3, REG_2)]), { ...lookup, to: 4 });
  assert.deepEqual(decoded("lookup", [...set, n(3, REG_VERDICT)]), { ...lookup, to: "verdict" });
  // A register that there is not is not taken for none.
  assert.deepEqual(decoded("lookup", [...set, n(3, 99)]), { kind: "other", name: "lookup", to: null });
});

Deno.test("decodeExpressions() reads verdicts, and what hands packets to somebody else", () => {
  const of = (code: number, chain?: string) => decoded("immediate", [n(1, REG_VERDICT), verdict(code, chain)]);
  const wanted = [
    [0, "drop"],
    [0x00050000, "drop"],
    [1, "accept"],
    [2, "queue"],
    [0x00070003, "queue"],
    [0xffffffff, "continue"],
    [0xfffffffe, "continue"],
    [0xfffffffb, "return"],
  ] as const;
  for (const [code, kind] of wanted) assert.deepEqual(of(code), { kind: "verdict", verdict: { kind } });
  assert.deepEqual(of(0xfffffffd, "ours"), { kind: "verdict", verdict: { kind: "jump", chain: "ours" } });
  assert.deepEqual(of(0xfffffffc, "ours"), { kind: "verdict", verdict: { kind: "goto", chain: "ours" } });
  assert.deepEqual(of(0xffffff05), { kind: "other", name: "immediate", to: null });
  assert.deepEqual(decoded("queue", [n(1, 3)]), { kind: "verdict", verdict: { kind: "queue" } });
  assert.deepEqual(decoded("fwd", [n(1, REG_1)]), { kind: "verdict", verdict: { kind: "queue" } });
  assert.deepEqual(decoded("immediate", [n(1, REG_1), value(2, 0, 80)]), {
    kind: "load",
    to: 0,
    value: Uint8Array.of(0, 80),
  });
  assert.deepEqual(decoded("reject", [n(1, 0)]), { kind: "reject" });
});

Deno.test("decodeExpressions() reads address translation", () => {
  const nat = { kind: "nat", type: "dnat", family: 4, address: 0, port: 1 };
  assert.deepEqual(decoded("nat", [n(1, 1), n(2, 2), n(3, REG_1), n(5, 9)]), nat);
  assert.deepEqual(decoded("nat", [n(1, 0), n(2, 10), n(3, REG_1)]), { ...nat, type: "snat", family: 6, port: null });
  assert.deepEqual(decoded("nat", [n(1, 1), n(2, 1), n(5, REG_1)]), { ...nat, family: null, address: null, port: 0 });
  const whole = [n(1, 1), n(2, 2), n(3, REG_1), n(4, REG_1), n(5, 9), n(6, 9), n(7, 3)];
  assert.deepEqual(decoded("nat", whole), nat);
  const several = { ...nat, several: true };
  assert.deepEqual(decoded("nat", [...whole.slice(0, 3), n(4, REG_2), n(5, 9)]), several, "addresses");
  assert.deepEqual(decoded("nat", [...whole.slice(0, 5), n(6, 10)]), several, "ports");
  assert.deepEqual(decoded("nat", [...whole.slice(0, 6), n(7, 0x43)]), several, "a network");
  const redirect = { kind: "redirect", port: 0, several: false };
  assert.deepEqual(decoded("redir", [n(1, REG_1), n(2, REG_1), n(3, 2)]), redirect);
  assert.deepEqual(decoded("redir", []), { ...redirect, port: null });
  assert.deepEqual(decoded("redir", [n(1, REG_1), n(2, REG_2)]), { ...redirect, several: true });
  assert.deepEqual(decoded("nat", [n(1, 7), n(2, 2)]), { kind: "other", name: "nat", to: null });
  assert.deepEqual(decoded("masq", []), { kind: "masquerade", port: null });
  assert.deepEqual(decoded("masq", [n(1, 2), n(2, REG_1)]), { kind: "masquerade", port: 0 });
});

Deno.test("decodeExpressions() reads matches and targets of iptables", () => {
  const info = Uint8Array.of(1, 2, 3, 4);
  const data = [stringAttribute(1, "recent"), n(2, 1), { type: 3, value: info }];
  assert.deepEqual(decoded("match", data), { kind: "xt match", name: "recent", revision: 1, info });
  assert.deepEqual(decoded("target", data), { kind: "xt target", name: "recent", revision: 1, info });
  assert.deepEqual(decoded("match", data.slice(1)), { kind: "other", name: "match", to: null });
});

Deno.test("decodeExpressions() reads what the destination is to this host, and no other question to the routing", () => {
  const asked = [n(1, REG_2), n(2, 3), n(3, 2)];
  assert.deepEqual(decoded("fib", asked), { kind: "address type", to: 4 });
  const other = { kind: "other", name: "fib", to: 4 };
  assert.deepEqual(decoded("fib", [n(1, REG_2), n(2, 1), n(3, 2)]), other, "an interface");
  assert.deepEqual(decoded("fib", [n(1, REG_2), n(2, 3), n(3, 1)]), other, "the source");
  assert.deepEqual(decoded("fib", [n(1, REG_2), n(2, 3), n(3, 2 | 8)]), other, "by its interface");
});

Deno.test("what is not known is told by its name, with the register that it writes", () => {
  assert.deepEqual(decoded("counter", []), { kind: "other", name: "counter", to: null });
  assert.deepEqual(decoded("fib", [n(1, REG_2)]), { kind: "other", name: "fib", to: 4 });
  assert.deepEqual(decoded("hash", [n(1, REG_1), n(2, REG_2)]), { kind: "other", name: "hash", to: 4 });
  for (const name of ["constructor", "__proto__", "toString", ""]) {
    assert.deepEqual(decoded(name, []), { kind: "other", name, to: null });
  }
});
