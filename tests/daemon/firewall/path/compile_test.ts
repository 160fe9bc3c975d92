import assert from "node:assert/strict";
import fc from "fast-check";
import type { Expression } from "../../../../ffi/nfnetlink/ruleset.ts";
import { createCompiler } from "../../../../daemon/firewall/path/compile.ts";
import { DESTINATION_PORT, SOURCE4 } from "../../../../daemon/firewall/path/operand.ts";
import { ordinaryPacket, partialPacket } from "../../../../daemon/firewall/path/packet.ts";
import { matches } from "../../../../daemon/firewall/path/rule.ts";
import { address } from "../../../contract/addresses.ts";

const packet = partialPacket({
  ...{ family: 4, protocol: 6, source: address("10.77.0.2"), destinationPort: 22, state: "new", interface: "other" },
});
const { compile } = createCompiler();
const nothing = () => ({ hit: null, verdicts: [] });

function answer(...expressions: readonly Expression[]) {
  return matches(compile(1, expressions), packet, nothing);
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const load = (base: number, offset: number, length: number, to = 0): Expression => ({
  kind: "payload",
  base,
  offset,
  length,
  to,
});
const equal = (...value: number[]): Expression => ({ kind: "compare", from: 0, how: "eq", value: bytes(...value) });

Deno.test("compile() follows values through registers", () => {
  assert.equal(answer(load(2, 2, 2), equal(0, 22)), true);
  assert.equal(answer(load(2, 2, 2), equal(0, 23)), false);
  assert.equal(answer(load(2, 0, 2), equal(0, 22)), null);
  // The rest of a register is filled up with zeros.
  assert.equal(answer(load(2, 2, 2), equal(0, 22, 0, 0)), true);
  assert.equal(answer({ kind: "meta", key: 16, to: 0 }, equal(6)), true);
  assert.equal(answer({ kind: "meta", key: 16, to: 0 }, equal(6, 0, 0, 0)), true);
  assert.equal(answer({ kind: "meta", key: 4, to: 0 }, equal(1, 0, 0, 0)), false, "not by lo");
  // Two values in a row, as the key of a set has them.
  assert.equal(answer(load(1, 12, 4, 0), load(2, 2, 2, 1), equal(10, 77, 0, 2, 0, 22, 0, 0)), true);
  // A register that nobody wrote.
  assert.equal(answer({ kind: "compare", from: 9, how: "eq", value: bytes(0) }), null);
});

Deno.test("compile() knows masks, the order of bytes, and values of its own", () => {
  const mask = (...values: number[]): Expression => ({
    kind: "bitwise",
    from: 0,
    to: 0,
    mask: bytes(...values),
    xor: bytes(0, 0, 0, 0),
  });
  assert.equal(answer(load(1, 12, 4), mask(255, 0, 0, 0), equal(10, 0, 0, 0)), true);
  assert.equal(answer(load(1, 12, 4), mask(255, 255, 0, 0), equal(10, 76, 0, 0)), false);
  assert.equal(
    answer({ kind: "ct", key: 0, to: 0 }, mask(6, 0, 0, 0), {
      kind: "compare",
      from: 0,
      how: "ne",
      value: bytes(0, 0, 0, 0),
    }),
    false,
  );
  assert.equal(answer(load(2, 2, 2), { kind: "byteorder", from: 0, to: 0, size: 2, length: 2 }, equal(22, 0)), true);
  assert.equal(answer({ kind: "load", to: 0, value: bytes(1, 2, 3) }, equal(1, 2, 3)), true);
  const xor: Expression = { kind: "bitwise", from: 0, to: 0, mask: bytes(255, 255), xor: bytes(0, 1) };
  assert.equal(answer(load(2, 2, 2), xor, equal(0, 23)), true);
});

Deno.test("compile() finds what a rule comes to, and what is not understood is an open question", () => {
  const outcome = (...expressions: readonly Expression[]) => {
    const rule = compile(1, expressions);
    return [rule.outcome.kind, rule.effect, rule.conditions.length];
  };
  const other = (name: string, to: number | null = null): Expression => ({ kind: "other", name, to });
  assert.deepEqual(outcome(other("counter"), other("log"), { kind: "reject" }), ["drop", null, 0]);
  assert.deepEqual(outcome(other("limit"), { kind: "verdict", verdict: { kind: "drop" } }), ["drop", null, 1]);
  assert.deepEqual(outcome({ kind: "verdict", verdict: { kind: "continue" } }, { kind: "reject" }), ["drop", null, 0]);
  assert.deepEqual(outcome({ kind: "verdict", verdict: { kind: "accept" } }, other("limit")), ["accept", null, 0]);
  assert.deepEqual(outcome(other("notrack")), ["continue", "untrack", 0]);
  assert.deepEqual(outcome({ kind: "redirect", port: null, several: false }), ["accept", "translate", 0]);
  assert.deepEqual(outcome(other("synproxy")), ["whatever", null, 0]);
  assert.deepEqual(outcome({ kind: "nat", type: "dnat", family: 4, address: 0, port: null }), [
    "accept",
    "translate",
    0,
  ]);
  assert.deepEqual(outcome({ kind: "nat", type: "snat", family: 4, address: 0, port: null }), ["accept", null, 0]);
  assert.deepEqual(outcome({ kind: "lookup", from: 0, set: "m", to: "verdict", inverted: false }), ["map", null, 0]);
  assert.deepEqual(
    outcome({ kind: "xt target", name: "LOG", revision: 0, info: bytes() }, { kind: "reject" })[0],
    "drop",
  );
  assert.deepEqual(outcome({ kind: "xt target", name: "TEAPOT", revision: 0, info: bytes() }), ["whatever", null, 0]);
  assert.equal(answer(other("fib", 0), equal(1)), null);
  assert.equal(matches(compile(1, [other("fib", 0), equal(1)]), ordinaryPacket(4, true, "tcp"), nothing), false);
});

Deno.test("compile() tells where a rule sends packets, where that is certain", () => {
  const sentTo = (...expressions: readonly Expression[]) => compile(1, expressions).sentTo;
  const loaded = (value: Uint8Array, to: number): Expression => ({ kind: "load", to, value });
  const dnat = { kind: "nat", type: "dnat", family: 4, address: 0, port: null } as const;
  const [four, six] = [address("10.78.0.2").bytes, address("fd78::2").bytes];
  const at = (ip: Uint8Array) => String.fromCharCode(...ip);
  assert.deepEqual(sentTo(loaded(four, 0), dnat), { address: { 4: at(four) }, port: null });
  const both = [loaded(six, 0), loaded(bytes(0, 80), 4)];
  assert.deepEqual(sentTo(...both, { ...dnat, family: 6, port: 4 }), { address: { 6: at(six) }, port: 80 });
  const toPort = loaded(bytes(31, 144), 0);
  assert.deepEqual(sentTo(toPort, { ...dnat, family: null, address: null, port: 0 }), { address: null, port: 8080 });
  assert.deepEqual(sentTo(toPort, { kind: "redirect", port: 0, several: false }), { address: null, port: 8080 });
  assert.deepEqual(sentTo({ kind: "redirect", port: null, several: false }), { address: null, port: null });
  assert.equal(sentTo(toPort, { kind: "redirect", port: 0, several: true }), undefined);
  assert.equal(sentTo(loaded(four, 0), { ...dnat, several: true }), undefined);
  assert.equal(sentTo(loaded(four, 0), { ...dnat, type: "snat" }), undefined);
  assert.equal(sentTo(loaded(four, 0), { ...dnat, family: null }), undefined, "it is not said what it is");
  assert.equal(sentTo(load(1, 16, 4), dnat), undefined, "made of the packet");
  assert.equal(sentTo({ kind: "lookup", from: 0, set: "m", to: 0, inverted: false }, dnat), undefined, "from a map");
  assert.equal(sentTo(dnat), undefined);
});

Deno.test("equal parts of different rules are one object", () => {
  const [first] = compile(1, [load(1, 12, 4), equal(1, 2, 3, 4)]).conditions;
  const [second] = compile(2, [load(1, 12, 4), equal(4, 3, 2, 1)]).conditions;
  assert.ok(first?.kind === "compare" && second?.kind === "compare");
  assert.equal(first.operand, SOURCE4);
  assert.equal(second.operand, SOURCE4);
  const [port] = compile(3, [load(2, 2, 2), equal(0, 22)]).conditions;
  assert.ok(port?.kind === "compare");
  assert.equal(port.operand, DESTINATION_PORT);
  assert.equal(port, compile(4, [load(2, 2, 2), equal(0, 22)]).conditions[0]);
});

Deno.test("compile() takes whatever the kernel may say", () => {
  const number = fc.oneof(fc.nat(20), fc.nat(0xffffffff));
  const value = fc.uint8Array({ maxLength: 80 });
  const register = fc.nat(15);
  const step: fc.Arbitrary<Expression> = fc.oneof(
    fc.record({ kind: fc.constant("payload" as const), base: number, offset: number, length: number, to: register }),
    fc.record({ kind: fc.constantFrom("meta", "ct"), key: number, to: register }),
    fc.record({ kind: fc.constant("bitwise" as const), from: register, to: register, mask: value, xor: value }),
    fc.record({ kind: fc.constant("byteorder" as const), from: register, to: register, size: number, length: number }),
    fc.record({
      kind: fc.constant("compare" as const),
      from: register,
      how: fc.constantFrom("eq", "ne", "lt", "ge"),
      value,
    }),
    fc.record({ kind: fc.constant("range" as const), from: register, inside: fc.boolean(), low: value, high: value }),
    fc.record({
      ...{ kind: fc.constant("lookup" as const), from: register, set: fc.string(), inverted: fc.boolean() },
      to: fc.oneof(register, fc.constantFrom("verdict" as const, null)),
    }),
    fc.record({ kind: fc.constant("load" as const), to: register, value }),
    fc.record({ kind: fc.constant("address type" as const), to: register }),
    fc.record({ kind: fc.constant("redirect" as const), port: fc.option(register), several: fc.boolean() }),
    fc.record({
      ...{ kind: fc.constant("nat" as const), type: fc.constantFrom("dnat", "snat"), port: fc.option(register) },
      ...{ family: fc.constantFrom(4, 6, null), address: fc.option(register) },
    }),
    fc.record({
      kind: fc.constantFrom("xt match", "xt target"),
      name: fc.constantFrom(
        "tcp",
        "udp",
        "multiport",
        "conntrack",
        "state",
        "icmp",
        "comment",
        "CT",
        "x",
        "addrtype",
        "DNAT",
        "REDIRECT",
      ),
      revision: fc.nat(4),
      info: fc.uint8Array({ maxLength: 200 }),
    }),
    fc.record({ kind: fc.constant("other" as const), name: fc.string(), to: fc.oneof(register, fc.constant(null)) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const rule = compile(1, steps);
      for (const one of [packet, ordinaryPacket(6, true, "udp")]) {
        assert.ok([true, false, null].includes(matches(rule, one, nothing)));
      }
    }),
    { numRuns: 2000 },
  );
});
