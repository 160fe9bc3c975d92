import assert from "node:assert/strict";
import { jumpTo, plainJump, rulesFor, sameRules } from "../../../../daemon/firewall/nftables/rules.ts";
import { SET_LAYOUTS } from "../../../../daemon/firewall/nftables/set_layout.ts";

function layout(name: string) {
  const found = SET_LAYOUTS.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

/** The steps in short. */
function told(name: string, family: "inet" | "ip" | "ip6"): readonly string[] {
  return rulesFor(layout(name), family).map((steps) =>
    steps.map((step) => {
      switch (step.kind) {
        case "payload":
          return `${step.base}+${step.offset}/${step.length}>${step.to}`;
        case "meta":
          return `meta ${step.key}>${step.to}`;
        case "compare":
          return `${step.how} ${step.value.toHex()}`;
        case "lookup":
          return `@${step.set}${step.to === null ? "" : `>${step.to}`}`;
        case "nat":
          return `${step.type} ${step.family} ${step.address} ${step.port}`;
        case "masquerade":
          return `masquerade ${step.port}`;
        case "verdict":
          return step.verdict.kind;
      }
    }).join(", ")
  );
}

Deno.test("rulesFor() loads what the key is made of, each part behind the one before", () => {
  assert.deepEqual(told("fwknop_input4", "ip"), ["1+12/4>0, meta 16>1, 2+2/2>2, @fwknop_input4, accept"]);
  assert.deepEqual(told("fwknop_input6_to", "ip6"), [
    "1+8/16>0, 1+24/16>4, meta 16>8, 2+2/2>9, @fwknop_input6_to, accept",
  ]);
  assert.deepEqual(told("fwknop_forward4_all", "ip"), ["1+12/4>0, @fwknop_forward4_all, accept"]);
});

Deno.test("rulesFor() asks for the IP family only in tables of both", () => {
  assert.match(told("fwknop_input4", "inet")[0] ?? "", /^meta 15>0, eq 02, 1\+12/);
  assert.match(told("fwknop_input6", "inet")[0] ?? "", /^meta 15>0, eq 0a, 1\+8/);
});

Deno.test("rulesFor() looks at answers from the service's end", () => {
  assert.deepEqual(told("fwknop_output4_to", "ip"), [
    "1+16/4>0, 1+12/4>1, meta 16>2, 2+0/2>3, @fwknop_output4_to, accept",
  ]);
});

Deno.test("rulesFor() translates to what the map holds: the port stands behind the address", () => {
  assert.deepEqual(told("fwknop_dnat4", "ip"), ["1+12/4>0, meta 16>1, 2+2/2>2, @fwknop_dnat4>0, dnat 4 0 null"]);
  const ported = told("fwknop_dnat6_port", "ip6");
  assert.deepEqual(ported.map((rule) => rule.slice(0, 17)), ["meta 16>0, eq 06,", "meta 16>0, eq 11,"]);
  for (const rule of ported) assert.match(rule, /@fwknop_dnat6_port>0, dnat 6 0 4$/);
  assert.match(told("fwknop_masquerade4_port", "ip")[0] ?? "", /@fwknop_masquerade4_port>0, masquerade 0$/);
  assert.match(told("fwknop_snat4_all", "ip")[0] ?? "", /^1\+12\/4>0, @fwknop_snat4_all>0, snat 4 0 null$/);
});

Deno.test("plainJump() is the target of a rule that does nothing else", () => {
  assert.equal(plainJump(jumpTo("input")), "fwknop_input");
  assert.equal(plainJump([{ kind: "other", name: "counter", to: null }, ...jumpTo("input")]), null);
  assert.equal(plainJump([{ kind: "verdict", verdict: { kind: "goto", chain: "fwknop_input" } }]), null);
  assert.equal(plainJump([]), null);
});

Deno.test("sameRules() compares order, steps and bytes, and not the order in which a step's parts are written", () => {
  const [rule = []] = rulesFor(layout("fwknop_input4"), "inet");
  const copy = rule.map((step) => Object.fromEntries(Object.entries(step).toReversed()) as typeof step);
  assert.ok(sameRules([rule], [copy]));
  assert.ok(!sameRules([rule, jumpTo("input")], [jumpTo("input"), rule]));
  const other = rule.map((step) => step.kind === "compare" ? { ...step, value: Uint8Array.of(10) } : step);
  assert.ok(!sameRules([rule], [other]));
});
