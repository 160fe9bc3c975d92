/** What is read from logs and rules, without a daemon. */
import assert from "node:assert/strict";
import { ASKED, type Asked, configurationOf } from "./configuration.ts";
import { STANZA_CHOICES } from "./choices.ts";
import { readRules, readTouched } from "./rules.ts";
import { readVerdicts } from "./verdict.ts";

const PLAIN = Object.fromEntries(Object.entries(ASKED).map(([field, [first]]) => [field, first])) as unknown as Asked;
const CONFIGURATION = configurationOf(
  STANZA_CHOICES.map(() => 0),
  { number: 3, network: "10.1.3", inside: "172.1.3", folder: "/nowhere" },
  [PLAIN, PLAIN],
);

Deno.test("readVerdicts() tells the packets apart by their sources, and ends with what finished", () => {
  const verdicts = readVerdicts([
    "No access data found for source IP: 10.1.1.9",
    "[10.1.1.8] preprocess_spa_data() returned error 4096: 'Data is not a valid SPA message format' for incoming packet.",
    "(stanza #1) SPA packet (10.1.1.1 -> 10.0.0.1) filtered by SOURCE and/or DESTINATION criteria",
    "[10.1.1.2] (stanza #1) Error creating fko context: Args contain invalid data: FKO_ERROR_INVALID_DATA_HMAC_COMPAREFAIL",
    "[10.1.1.1] (stanza #2) Username in SPA data (bob) does not match required username: alice",
    "[10.1.1.2] (stanza #2) --test mode enabled, skipping firewall manipulation.",
    "[10.1.1.2] (stanza #3) One or more requested protocol/ports was denied per access.conf.",
    "[10.1.1.1] (stanza #3) Running CMD_CYCLE_OPEN command: /bin/true",
  ]);
  assert.deepEqual(Object.fromEntries(verdicts), {
    "10.1.1.9": ["no access data"],
    "10.1.1.8": ["no message"],
    "10.1.1.1": ["#1 other addresses", "#2 another user", "#3 runs"],
    "10.1.1.2": ["#1 another HMAC", "#2 opens"],
  });
});

Deno.test("readRules() finds the packet of a rule by its address, or by the port that only it leads to", () => {
  const rule = (match: string, end: number) => `-A FWKNOP_INPUT ${match} -m comment --comment _exp_${end} -j ACCEPT`;
  const found = readRules(
    [
      "-A INPUT -j FWKNOP_INPUT",
      rule("-s 10.1.3.130/32 -p tcp -m tcp --dport 22", 1_000_031),
      rule("-s 10.1.3.130/32 -p tcp -m tcp --dport 22", 1_000_042),
      rule("-s 10.1.3.1/32 -p udp -m udp --dport 53", 1_002_100),
      rule("-d 172.1.3.2/32 -p tcp -m tcp --dport 80", 1_000_300),
      rule("-d 172.1.3.250/32 -p tcp -m tcp --dport 81", 1_000_300),
      rule("-d 10.0.0.1/32 -p tcp -m tcp --dport 30049", 1_000_300),
    ].join("\n"),
    [CONFIGURATION],
    1_000_000,
  );
  const said = (match: string, seconds: number) =>
    `-A FWKNOP_INPUT ${match} -m comment --comment for ${seconds} s -j ACCEPT`;
  assert.deepEqual(Object.fromEntries(found), {
    "10.1.3.2": [
      said("-s 10.1.3.130/32 -p tcp -m tcp --dport 22", 30),
      said("-d 172.1.3.2/32 -p tcp -m tcp --dport 80", 300),
    ],
    "10.1.3.1": [
      said("-s 10.1.3.1/32 -p udp -m udp --dport 53", 2000),
      said("-d 10.0.0.1/32 -p tcp -m tcp --dport 30049", 300),
    ],
    "10.1.3": [said("-d 172.1.3.250/32 -p tcp -m tcp --dport 81", 300)],
  });
  assert.throws(() => readRules(rule("-s 10.9.9.9/32", 1_000_030), [CONFIGURATION], 1_000_000), /a rule for nobody/);
});

Deno.test("readTouched() finds the packet of a file by the address that its name begins with", () => {
  const found = readTouched(new Map([["10.1.3.129+10.1.3.1+22", 0], ["10.1.3.2", 65534]]), [CONFIGURATION]);
  assert.deepEqual(Object.fromEntries(found), {
    "10.1.3.1": ["10.1.3.129+10.1.3.1+22 touched by 0"],
    "10.1.3.2": ["10.1.3.2 touched by 65534"],
  });
});
