import assert from "node:assert/strict";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { accessFamily } from "../../../../daemon/firewall/firewall.ts";
import { accessChain, formatWords, ruleWords } from "../../../../daemon/firewall/iptables/rules.ts";
import { address } from "../../../contract/addresses.ts";

const S = address("10.77.0.2"), D = address("10.77.0.1"), NI = address("10.78.0.2"), OWN = address("10.78.0.1");
const S6 = address("2001:db8::7"), D6 = address("2001:db8::1"), NI6 = address("fd78::2");
const tcp = (port: number) => ({ proto: "tcp", port }) as const;
const udp = (port: number) => ({ proto: "udp", port }) as const;
const E = "-m comment --comment _exp_5";

/** The table of facts/firewall 3, without verb, chain and `-t`. */
const ROWS: readonly (readonly [Access, string])[] = [
  [
    { slot: "input", source: S, destination: null, service: tcp(22) },
    `-p 6 -s 10.77.0.2 -d 0.0.0.0/0 --dport 22 ${E} -j ACCEPT`,
  ],
  [
    { slot: "input", source: S, destination: D, service: udp(53) },
    `-p 17 -s 10.77.0.2 -d 10.77.0.1 --dport 53 ${E} -j ACCEPT`,
  ],
  [
    { slot: "output", source: S, destination: null, service: tcp(22) },
    `-p 6 -d 10.77.0.2 -s 0.0.0.0/0 --sport 22 ${E} -j ACCEPT`,
  ],
  [
    { slot: "output", source: S, destination: D, service: tcp(22) },
    `-p 6 -d 10.77.0.2 -s 10.77.0.1 --sport 22 ${E} -j ACCEPT`,
  ],
  [{ slot: "forward", source: S, target: null, service: tcp(80) }, `-p 6 -s 10.77.0.2 --dport 80 ${E} -j ACCEPT`],
  [
    { slot: "forward", source: S, target: NI, service: tcp(80) },
    `-p 6 -s 10.77.0.2 -d 10.78.0.2 --dport 80 ${E} -j ACCEPT`,
  ],
  [{ slot: "forward", source: S, target: null, service: null }, `-s 10.77.0.2 ${E} -j ACCEPT`],
  [
    { slot: "published", source: S, destination: null, service: tcp(8080) },
    `-p 6 -s 10.77.0.2 -m conntrack --ctstate DNAT --ctorigdstport 8080 --ctdir ORIGINAL ${E} -j ACCEPT`,
  ],
  [
    { slot: "published", source: S6, destination: D6, service: udp(53) },
    `-p 17 -s 2001:db8::7 -m conntrack --ctstate DNAT --ctorigdst 2001:db8::1 --ctorigdstport 53 --ctdir ORIGINAL ${E} -j ACCEPT`,
  ],
  [
    { slot: "dnat", source: S, destination: null, service: tcp(8080), to: NI, toPort: 80 },
    `-p 6 -s 10.77.0.2 -d 0.0.0.0/0 --dport 8080 ${E} -j DNAT --to-destination 10.78.0.2:80`,
  ],
  [
    { slot: "dnat", source: S, destination: D, service: null, to: NI, toPort: null },
    `-s 10.77.0.2 -d 10.77.0.1 ${E} -j DNAT --to-destination 10.78.0.2`,
  ],
  [
    { slot: "snat", match: { destination: NI, service: tcp(80) }, to: OWN },
    `-p 6 -d 10.78.0.2 --dport 80 ${E} -j SNAT --to-source 10.78.0.1`,
  ],
  [{ slot: "snat", match: { source: S }, to: OWN }, `-s 10.77.0.2 ${E} -j SNAT --to-source 10.78.0.1`],
  [
    { slot: "masquerade", match: { destination: NI, service: tcp(80) }, toPort: 8080 },
    `-p 6 -d 10.78.0.2 --dport 80 ${E} -j MASQUERADE --to-ports 8080`,
  ],
  [{ slot: "masquerade", match: { source: S }, toPort: null }, `-s 10.77.0.2 ${E} -j MASQUERADE`],
  [
    { slot: "input", source: S6, destination: null, service: tcp(22) },
    `-p 6 -s 2001:db8::7 -d ::/0 --dport 22 ${E} -j ACCEPT`,
  ],
  [
    { slot: "output", source: S6, destination: D6, service: udp(53) },
    `-p 17 -d 2001:db8::7 -s 2001:db8::1 --sport 53 ${E} -j ACCEPT`,
  ],
  [
    { slot: "dnat", source: S6, destination: null, service: tcp(8080), to: NI6, toPort: 80 },
    `-p 6 -s 2001:db8::7 -d ::/0 --dport 8080 ${E} -j DNAT --to-destination [fd78::2]:80`,
  ],
];

for (const [access, expected] of ROWS) {
  Deno.test(`ruleWords() writes ${expected}`, () => {
    assert.equal(formatWords(ruleWords({ access, expiresAt: 5 }, DEFAULT_CHAINS)), expected);
    assert.equal(accessFamily(access), expected.includes("::") ? 6 : 4);
    assert.deepEqual(accessChain(access, DEFAULT_CHAINS).to, DEFAULT_CHAINS[access.slot as "input"].to);
  });
}

Deno.test("ruleWords() takes the configured target and makes no rule of a foreign door", () => {
  const chains = { ...DEFAULT_CHAINS, input: { ...DEFAULT_CHAINS.input, target: "MY_OK" } };
  const access: Access = { slot: "input", source: S, destination: null, service: tcp(22) };
  assert.equal(ruleWords({ access, expiresAt: 5 }, chains).at(-1), "MY_OK");
  const foreign: Access = { slot: "foreign", family: 6, table: "filter", chain: "X", rule: "-j ACCEPT" };
  assert.throws(() => ruleWords({ access: foreign, expiresAt: 5 }, chains), RangeError);
  assert.deepEqual([accessFamily(foreign), accessChain(foreign, chains)], [6, { table: "filter", to: "X" }]);
});

Deno.test("formatWords() quotes what iptables-restore would split", () => {
  assert.equal(formatWords(["--comment", 'a "b" \\c', "-j", ""]), '--comment "a \\"b\\" \\\\c" -j ""');
});
