import assert from "node:assert/strict";
import type { Grant } from "../../../../daemon/firewall/firewall.ts";
import {
  commentCheckBatch,
  grantBatch,
  repairBatch,
  revokeBatch,
  sparing,
} from "../../../../daemon/firewall/iptables/batch.ts";
import { DEFAULT_CHAINS, type RuleStyle } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import type { Batch } from "../../../../daemon/firewall/iptables/restore_lines.ts";
import { activeSlots, type SlotSwitches } from "../../../../daemon/firewall/slots.ts";
import { parseSave } from "../../../../daemon/firewall/save_text.ts";
import { listedGrants } from "../../../../daemon/firewall/iptables/listing.ts";
import { address } from "../../../contract/addresses.ts";

const OFF: SlotSwitches = { output: false, forwarding: false, localNat: false, snat: false, published: false };
const INPUT: RuleStyle = { chains: DEFAULT_CHAINS, active: activeSlots(OFF), prepend: false };
const EMPTY = parseSave("");
const RULE = "-s 10.77.0.2/32 -p tcp -m tcp --dport 22 -m comment --comment _exp_100 -j ACCEPT";
const RUNNING = parseSave(
  `*filter\n:INPUT DROP [0:0]\n:FWKNOP_INPUT - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j FWKNOP_INPUT\n-A FWKNOP_INPUT ${RULE}\nCOMMIT\n`,
);
const GRANT: Grant = {
  access: { slot: "input", source: address("10.77.0.2"), destination: null, service: { proto: "tcp", port: 22 } },
  expiresAt: 200,
};
const NEW = "-p 6 -s 10.77.0.2 -d 0.0.0.0/0 --dport 22 -m comment --comment _exp_200 -j ACCEPT";

const lines = (batch: Batch, table = "filter") => batch.get(table) ?? [];

Deno.test("repairBatch() puts back only what is missing", () => {
  assert.equal(repairBatch(RUNNING, INPUT, { newRules: [], overdue: [] }).size, 0);
  const noJump = parseSave("*filter\n:INPUT DROP [0:0]\n:FWKNOP_INPUT - [0:0]\nCOMMIT\n");
  assert.deepEqual(lines(repairBatch(noJump, INPUT, { newRules: [{ grant: GRANT, replaces: [] }], overdue: [] })), [
    "-I INPUT 1 -j FWKNOP_INPUT",
    `-A FWKNOP_INPUT ${NEW}`,
  ]);
  assert.deepEqual(lines(repairBatch(EMPTY, INPUT, { newRules: [], overdue: [] })), [
    "-N FWKNOP_INPUT",
    "-I INPUT 1 -j FWKNOP_INPUT",
  ]);
});

Deno.test("repairBatch() deletes what is overdue, once, also where a door is renewed", () => {
  const overdue = listedGrants(RUNNING, DEFAULT_CHAINS, 4);
  assert.deepEqual(lines(repairBatch(RUNNING, INPUT, { newRules: [], overdue })), [`-D FWKNOP_INPUT ${RULE}`]);
  assert.deepEqual(lines(repairBatch(RUNNING, INPUT, { newRules: [{ grant: GRANT, replaces: overdue }], overdue })), [
    `-A FWKNOP_INPUT ${NEW}`,
    `-D FWKNOP_INPUT ${RULE}`,
  ]);
});

Deno.test("grantBatch() proves the jump and the rules it counts on, and replaces in one transaction", () => {
  const [old] = listedGrants(RUNNING, DEFAULT_CHAINS, 4);
  assert.ok(old);
  assert.deepEqual(
    lines(grantBatch({ newRules: [{ grant: GRANT, replaces: [old] }], present: [], slots: ["input"] }, INPUT)),
    [
      "-C INPUT -j FWKNOP_INPUT",
      `-A FWKNOP_INPUT ${NEW}`,
      `-D FWKNOP_INPUT ${RULE}`,
    ],
  );
  assert.deepEqual(lines(grantBatch({ newRules: [], present: [old, old], slots: ["input"] }, INPUT)), [
    "-C INPUT -j FWKNOP_INPUT",
    `-C FWKNOP_INPUT ${RULE}`,
  ]);
  const head = grantBatch({ newRules: [{ grant: GRANT, replaces: [] }], present: [], slots: [] }, {
    ...INPUT,
    prepend: true,
  });
  assert.deepEqual(lines(head), [`-I FWKNOP_INPUT ${NEW}`]);
});

Deno.test("revokeBatch() deletes the same rule as often as it is there", () => {
  const [rule] = listedGrants(RUNNING, DEFAULT_CHAINS, 4);
  assert.ok(rule);
  assert.deepEqual(lines(revokeBatch([rule, rule])), [`-D FWKNOP_INPUT ${RULE}`, `-D FWKNOP_INPUT ${RULE}`]);
});

Deno.test("commentCheckBatch() stays in our own chain and leaves nothing", () => {
  assert.deepEqual([...commentCheckBatch(DEFAULT_CHAINS.input, 4)], [["filter", [
    "-A FWKNOP_INPUT -s 127.0.0.2 -m comment --comment __TMPCOMMENT__ -j ACCEPT",
    "-D FWKNOP_INPUT -s 127.0.0.2 -m comment --comment __TMPCOMMENT__ -j ACCEPT",
  ]]]);
});

Deno.test("sparing() leaves the rules out that are deleted otherwise, and adds what is new all the same", () => {
  const [old] = listedGrants(RUNNING, DEFAULT_CHAINS, 4);
  assert.ok(old);
  const newRules = [{ grant: GRANT, replaces: [old, { ...old }] }];
  const batch = (spared: readonly (typeof old)[]) =>
    lines(grantBatch({ newRules: sparing(newRules, new Set(spared)), present: [], slots: [] }, INPUT));
  assert.deepEqual(batch([old]), [`-A FWKNOP_INPUT ${NEW}`, `-D FWKNOP_INPUT ${RULE}`]);
  assert.equal(batch([]).length, 3);
});
