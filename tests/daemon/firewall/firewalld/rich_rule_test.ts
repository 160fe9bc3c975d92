import assert from "node:assert/strict";
import {
  asRuleAccess,
  formatRule,
  parseRule,
  type RuleAccess,
} from "../../../../daemon/firewall/firewalld/rich_rule.ts";
import { accessKey } from "../../../../daemon/firewall/firewall.ts";
import { address } from "../../../contract/addresses.ts";

const NOW = 1_800_000_000;
const SSH = { proto: "tcp", port: 22 } as const;
const ACCESSES: readonly RuleAccess[] = [
  { slot: "input", source: address("192.0.2.1"), destination: null, service: SSH },
  {
    slot: "input",
    source: address("2001:db8::1"),
    destination: address("2001:db8::2"),
    service: { proto: "udp", port: 53 },
  },
  {
    ...{ slot: "dnat", source: address("192.0.2.1"), destination: null, service: { proto: "tcp", port: 2222 } },
    ...{ to: address("10.0.0.5"), toPort: 22 },
  },
  {
    ...{ slot: "dnat", source: address("2001:db8::1"), destination: address("2001:db8::2"), service: SSH },
    ...{ to: address("fd00::5"), toPort: 2222 },
  },
];

Deno.test("parseRule() reads what formatRule() writes: the same grant and the same end", () => {
  for (const access of ACCESSES) {
    const text = formatRule(access, NOW + 30, NOW);
    const found = parseRule(text, NOW);
    assert.ok(found, text);
    assert.equal(accessKey(found.access), accessKey(access));
    assert.deepEqual([found.expiresAt, found.text], [NOW + 30, text]);
  }
});

Deno.test("formatRule() makes rules as firewalld writes them", () => {
  const [input, , dnat] = ACCESSES;
  assert.ok(input && dnat);
  assert.equal(
    formatRule(input, NOW + 30, NOW),
    'rule priority="1030" family="ipv4" source address="192.0.2.1/32" port port="22" protocol="tcp" accept',
  );
  assert.equal(
    formatRule(dnat, NOW + 30, NOW),
    'rule priority="1030" family="ipv4" source address="192.0.2.1/32" ' +
      'forward-port port="2222" protocol="tcp" to-port="22" to-addr="10.0.0.5"',
  );
});

Deno.test("parseRule() takes no rule of anybody else for one of ours", () => {
  const [input] = ACCESSES;
  assert.ok(input);
  const ours = formatRule(input, NOW + 30, NOW);
  const others: readonly string[] = [
    "",
    ours.replace("/32", ""),
    ours.replace("/32", "/24"),
    ours.replace("/32", "/128"),
    ours.replace('priority="1030" ', ""),
    ours.replace("1030", "100"),
    ours.replace("1030", "-1030"),
    ours.replace("1030", "32767"),
    ours.replace("accept", "drop"),
    ours.replace("accept", 'log prefix="x" accept'),
    ours.replace('port="22"', 'port="0"'),
    ours.replace('port="22"', 'port="22-80"'),
    ours.replace('"tcp"', '"sctp"'),
    ours.replace("192.0.2.1", "example.org"),
    `${ours} accept`,
  ];
  for (const text of others) assert.equal(parseRule(text, NOW), null, text);
});

Deno.test("asRuleAccess() leaves out what a rich rule cannot hold", () => {
  for (const access of ACCESSES) assert.ok(asRuleAccess(access));
  const source = address("192.0.2.1");
  assert.equal(asRuleAccess({ slot: "forward", source, target: null, service: null }), null);
  assert.equal(asRuleAccess({ slot: "output", source, destination: null, service: SSH }), null);
  const all = { slot: "dnat", source, destination: null, service: null, to: source, toPort: null } as const;
  assert.equal(asRuleAccess(all), null);
});
