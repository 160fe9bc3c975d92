import assert from "node:assert/strict";
import { accessKey, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { doorRule, endRule, parseAnchor, parseEnds } from "../../../../daemon/firewall/pf/rules.ts";
import { doorOf, type InputAccess } from "../../../../daemon/firewall/pf/tables.ts";
import { parseIp } from "../../../../lib/net/address.ts";
import { pfctl, pfState } from "../../../fakes/pfctl.ts";

function ip(text: string) {
  const read = parseIp(text);
  assert.ok(read.ok);
  return read.value;
}

function access(source: string, destination: string | null, port: number, proto: "tcp" | "udp" = "tcp"): InputAccess {
  return {
    slot: "input",
    source: ip(source),
    destination: destination === null ? null : ip(destination),
    service: { proto, port },
  };
}

const GRANTS: readonly (Grant & { readonly access: InputAccess })[] = [
  { access: access("10.77.0.2", null, 22), expiresAt: 1_700_000_000 },
  { access: access("10.77.0.2", "10.77.0.1", 53, "udp"), expiresAt: 1_700_000_001 },
  { access: access("fd77::2", null, 65_535), expiresAt: 1_700_000_002 },
  { access: access("fd77::2", "fd77::1", 1), expiresAt: 1_700_000_003 },
];

Deno.test("endRule() is the rule of the C daemon with the family said, and the port as a range", () => {
  assert.deepEqual(GRANTS.map(({ access, expiresAt }) => endRule(access, expiresAt)), [
    'pass in quick inet proto tcp from 10.77.0.2 to any port 22:22 keep state label "_exp_1700000000"',
    'pass in quick inet proto udp from 10.77.0.2 to 10.77.0.1 port 53:53 keep state label "_exp_1700000001"',
    'pass in quick inet6 proto tcp from fd77::2 to any port 65535:65535 keep state label "_exp_1700000002"',
    'pass in quick inet6 proto tcp from fd77::2 to fd77::1 port 1:1 keep state label "_exp_1700000003"',
  ]);
});

Deno.test("doorRule() is that for the clients of a table, whose name is the label", () => {
  assert.deepEqual(GRANTS.map(({ access }) => doorRule(doorOf(access))), [
    'pass in quick inet proto tcp from <fwknop_tcp_22> to any port 22:22 keep state label "fwknop_tcp_22"',
    "pass in quick inet proto udp from <fwknop_udp_53_0a4d0001> to 10.77.0.1 port 53:53 keep state " +
    'label "fwknop_udp_53_0a4d0001"',
    'pass in quick inet6 proto tcp from <fwknop6_tcp_65535> to any port 65535:65535 keep state label "fwknop6_tcp_65535"',
    "pass in quick inet6 proto tcp from <fwknop6_tcp_1_fd770001> to fd77::1 port 1:1 keep state " +
    'label "fwknop6_tcp_1_fd770001"',
  ]);
});

for (const style of ["freebsd", "openbsd"] as const) {
  Deno.test(`what is written for a pfctl as of ${style} is read from what it prints, with counters too`, () => {
    const state = pfState('anchor "fwknop"\n', style);
    const text = GRANTS.flatMap(({ access, expiresAt }) => [doorRule(doorOf(access)), endRule(access, expiresAt)]);
    const load = (lines: string) => pfctl(state, ["-a", "fwknop", "-f", "-"], lines);
    assert.deepEqual(load(text.map((line) => `${line}\n`).join("")), { code: 0, stdout: "", stderr: "" });
    const listing = pfctl(state, ["-a", "fwknop", "-s", "rules"]).stdout;
    for (const words of [[], ["-v"]]) {
      const printed = pfctl(state, [...words, "-a", "fwknop", "-s", "rules"]).stdout;
      const { doors, ending, others } = parseAnchor(printed, "fwknop");
      assert.deepEqual(others, []);
      assert.deepEqual(doors, GRANTS.map(({ access }) => doorOf(access)));
      assert.deepEqual(
        ending.map(({ access, expiresAt }) => [accessKey(access), expiresAt]),
        GRANTS.map(({ access, expiresAt }) => [accessKey(access), expiresAt]),
      );
      assert.deepEqual([...parseEnds(printed)], ending.map(({ access, expiresAt }) => [accessKey(access), expiresAt]));
    }
    // What it prints is what is loaded again with the next change.
    assert.equal(load(listing).code, 0);
    assert.equal(pfctl(state, ["-a", "fwknop", "-s", "rules"]).stdout, listing);
  });
}

Deno.test("parseAnchor() takes for a rule of ours only one whose table is of that service and address", () => {
  const rules = [
    'pass in quick inet proto tcp from <fwknop_tcp_22> to any port 22:80 keep state label "fwknop_tcp_22"',
    'pass in quick inet proto tcp from <fwknop_tcp_22> to any port 23:23 keep state label "fwknop_tcp_22"',
    'pass in quick inet6 proto tcp from <fwknop_tcp_22> to any port 22:22 keep state label "fwknop_tcp_22"',
    'pass in quick inet proto tcp from <fwknop_tcp_22> to 10.0.0.1 port 22:22 keep state label "fwknop_tcp_22"',
    'pass in quick inet proto tcp from <mine> to any port 22:22 keep state label "fwknop_tcp_22"',
    'pass in quick inet proto tcp from <fwknop_tcp_22> to any port 22:22 keep state label "mine"',
    'pass in quick on em0 inet proto tcp from <fwknop_tcp_22> to any port 22:22 keep state label "fwknop_tcp_22"',
  ];
  assert.deepEqual(parseAnchor(rules.join("\n"), "fwknop"), { doors: [], ending: [], others: rules });
});

Deno.test("parseAnchor() takes over rules of the C daemon by their end, and keeps those without one", () => {
  const listing = [
    'pass in quick inet proto tcp from 10.0.0.1 to any port = ssh flags S/SA keep state label "_exp_1700000000"',
    'pass in quick inet proto tcp from 10.0.0.1 to any port = 2222 flags S/SA keep state label "_exp_1700000000"',
    "  [ Evaluations: 7         Packets: 0         Bytes: 0           States: 0     ]",
    "pass in quick inet proto tcp from 10.0.0.9 to any port = smtp flags S/SA keep state",
    'pass in inet proto icmp all label "_exp_never"',
    "",
  ].join("\n");
  const { ending, others } = parseAnchor(listing, "fwknop");
  assert.deepEqual(ending.map(({ access: { slot }, expiresAt }) => [slot, expiresAt]), [
    ["foreign", 1_700_000_000],
    ["input", 1_700_000_000],
  ]);
  assert.deepEqual(others, [
    "pass in quick inet proto tcp from 10.0.0.9 to any port = smtp flags S/SA keep state",
    'pass in inet proto icmp all label "_exp_never"',
  ]);
});

Deno.test("parseAnchor() takes nothing for a grant that is wider or narrower than one", () => {
  const end = 'keep state label "_exp_1700000000"';
  const rules = [
    `pass in quick inet proto tcp from 10.0.0.0/8 to any port 22:22 ${end}`,
    `pass in quick inet proto tcp from any to any port 22:22 ${end}`,
    `pass in quick inet proto tcp from 10.0.0.1 to any port 22:80 ${end}`,
    `pass in quick inet proto tcp from 10.0.0.1 to any port 0:0 ${end}`,
    `pass in quick inet proto tcp from 10.0.0.1 to any port 70000:70000 ${end}`,
    `pass in quick inet proto tcp from 10.0.0.1 to fd77::1 port 22:22 ${end}`,
    `pass in quick on em0 inet proto tcp from 10.0.0.1 to any port 22:22 ${end}`,
    `pass out quick inet proto tcp from 10.0.0.1 to any port 22:22 ${end}`,
    `pass in inet proto tcp from 10.0.0.1 to any port 22:22 ${end}`,
  ];
  const { ending } = parseAnchor(rules.join("\n"), "fwknop");
  assert.deepEqual(ending.map(({ access }) => access.slot), rules.map(() => "foreign"));
});

Deno.test("a pfctl refuses what is not its grammar, and then nothing is changed", () => {
  const state = pfState('anchor "fwknop"\n');
  const load = (text: string) => pfctl(state, ["-a", "fwknop", "-f", "-"], text);
  assert.equal(load(`${endRule(GRANTS[0]!.access, 1)}\n`).code, 0);
  const before = JSON.stringify(state.anchors);
  for (
    const rule of [
      "pass in quick inet proto tcp from fd77::2 to any port 22:22 keep state",
      "pass in quick inet from 10.0.0.1 to any port 22:22 keep state",
      "pass in quick inet proto tcp from 10.0.0.1 to any port 22:22 keep state; block",
      `pass in quick all label "${"x".repeat(64)}"`,
      "pass in quick inet proto tcp from $(reboot) to any",
      `pass in quick inet proto tcp from <${"x".repeat(32)}> to any`,
      "table <a b> { 10.0.0.1 }",
      "table <mine> { nowhere }",
    ]
  ) {
    const { code, stderr } = load(`pass in all\n${rule}\n`);
    assert.equal(code, 1, rule);
    assert.match(stderr, /^stdin:2: syntax error\npfctl: Syntax error in config file: pf rules not loaded\n$/);
    assert.equal(JSON.stringify(state.anchors), before);
  }
  assert.equal(pfctl(state, ["-a"]).code, 1);
  assert.equal(pfctl(state, ["-x", "1"]).code, 1);
});
