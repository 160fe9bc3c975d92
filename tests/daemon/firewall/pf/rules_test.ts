import assert from "node:assert/strict";
import { accessKey, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { formatAnchor, type InputAccess, parseAnchor, ruleText } from "../../../../daemon/firewall/pf/rules.ts";
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

Deno.test("ruleText() is the rule of the C daemon with the family said, and the port as a range", () => {
  assert.deepEqual(GRANTS.map(({ access, expiresAt }) => ruleText(access, expiresAt)), [
    'pass in quick inet proto tcp from 10.77.0.2 to any port 22:22 keep state label "_exp_1700000000"',
    'pass in quick inet proto udp from 10.77.0.2 to 10.77.0.1 port 53:53 keep state label "_exp_1700000001"',
    'pass in quick inet6 proto tcp from fd77::2 to any port 65535:65535 keep state label "_exp_1700000002"',
    'pass in quick inet6 proto tcp from fd77::2 to fd77::1 port 1:1 keep state label "_exp_1700000003"',
  ]);
});

for (const style of ["freebsd", "openbsd"] as const) {
  Deno.test(`what formatAnchor() writes and a pfctl as of ${style} prints, parseAnchor() reads as the same grants`, () => {
    const state = pfState('anchor "fwknop"\n', style);
    const text = formatAnchor({ grants: [], others: [] }, GRANTS);
    assert.deepEqual(pfctl(state, ["-a", "fwknop", "-f", "-"], text), { code: 0, stdout: "", stderr: "" });
    const listing = pfctl(state, ["-a", "fwknop", "-s", "rules"]).stdout;
    const { grants, others } = parseAnchor(listing, "fwknop");
    assert.deepEqual(others, []);
    assert.deepEqual(
      grants.map(({ access, expiresAt }) => [accessKey(access), expiresAt]),
      GRANTS.map(({ access, expiresAt }) => [accessKey(access), expiresAt]),
    );
    // The listing is what is loaded again with the next grant.
    const again = formatAnchor({ grants, others }, []);
    assert.equal(pfctl(state, ["-a", "fwknop", "-f", "-"], again).code, 0);
    assert.equal(pfctl(state, ["-a", "fwknop", "-s", "rules"]).stdout, listing);
  });
}

Deno.test("parseAnchor() takes over rules of the C daemon by their end, and keeps those without one", () => {
  const listing = [
    'pass in quick inet proto tcp from 10.0.0.1 to any port = ssh flags S/SA keep state label "_exp_1700000000"',
    'pass in quick inet proto tcp from 10.0.0.1 to any port = 2222 flags S/SA keep state label "_exp_1700000000"',
    "  [ Evaluations: 7         Packets: 0         Bytes: 0           States: 0     ]",
    "pass in quick inet proto tcp from 10.0.0.9 to any port = smtp flags S/SA keep state",
    'pass in inet proto icmp all label "_exp_never"',
    "",
  ].join("\n");
  const { grants, others } = parseAnchor(listing, "fwknop");
  assert.deepEqual(grants.map(({ access: { slot }, expiresAt }) => [slot, expiresAt]), [
    ["foreign", 1_700_000_000],
    ["input", 1_700_000_000],
  ]);
  assert.deepEqual(others, [
    "pass in quick inet proto tcp from 10.0.0.9 to any port = smtp flags S/SA keep state",
    'pass in inet proto icmp all label "_exp_never"',
  ]);
  const text = formatAnchor({ grants, others }, []);
  assert.deepEqual(text.split("\n").length, 5);
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
  const { grants } = parseAnchor(rules.join("\n"), "fwknop");
  assert.deepEqual(grants.map(({ access }) => access.slot), rules.map(() => "foreign"));
});

Deno.test("a pfctl refuses what is not its grammar, and then nothing is changed", () => {
  const state = pfState('anchor "fwknop"\n');
  const load = (text: string) => pfctl(state, ["-a", "fwknop", "-f", "-"], text);
  assert.equal(load(`${ruleText(GRANTS[0]!.access, 1)}\n`).code, 0);
  const before = JSON.stringify(state.anchors);
  for (
    const rule of [
      "pass in quick inet proto tcp from fd77::2 to any port 22:22 keep state",
      "pass in quick inet from 10.0.0.1 to any port 22:22 keep state",
      "pass in quick inet proto tcp from 10.0.0.1 to any port 22:22 keep state; block",
      `pass in quick all label "${"x".repeat(64)}"`,
      "pass in quick inet proto tcp from $(reboot) to any",
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
