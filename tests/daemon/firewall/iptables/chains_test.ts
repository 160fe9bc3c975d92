import assert from "node:assert/strict";
import { DEFAULT_CHAINS, type RuleStyle } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { cleanupBatch, prepareBatch } from "../../../../daemon/firewall/iptables/chains.ts";
import type { Batch } from "../../../../daemon/firewall/iptables/restore_lines.ts";
import { activeSlots, type SlotSwitches } from "../../../../daemon/firewall/slots.ts";
import { parseSave } from "../../../../daemon/firewall/save_text.ts";

const OFF: SlotSwitches = { output: false, forwarding: false, localNat: false, snat: false, published: false };
const INPUT: RuleStyle = { chains: DEFAULT_CHAINS, active: activeSlots(OFF), prepend: false };
const ALL: RuleStyle = {
  ...INPUT,
  active: activeSlots({ output: true, forwarding: true, localNat: true, snat: true, published: false }),
};
const EMPTY = parseSave("");
const RULE = "-s 10.77.0.2/32 -p tcp -m tcp --dport 22 -m comment --comment _exp_100 -j ACCEPT";
const RUNNING = parseSave(
  `*filter\n:INPUT DROP [0:0]\n:FWKNOP_INPUT - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j FWKNOP_INPUT\n-A FWKNOP_INPUT ${RULE}\nCOMMIT\n`,
);
const lines = (batch: Batch, table = "filter") => batch.get(table) ?? [];

Deno.test("prepareBatch() makes chains and jumps in the order of the C daemon", () => {
  const batch = prepareBatch(EMPTY, ALL, true);
  assert.deepEqual(lines(batch), [
    "-N FWKNOP_INPUT",
    "-I INPUT 1 -j FWKNOP_INPUT",
    "-N FWKNOP_OUTPUT",
    "-I OUTPUT 1 -j FWKNOP_OUTPUT",
    "-N FWKNOP_FORWARD",
    "-I FORWARD 1 -j FWKNOP_FORWARD",
  ]);
  assert.deepEqual(lines(batch, "nat"), [
    "-N FWKNOP_PREROUTING",
    "-I PREROUTING 1 -j FWKNOP_PREROUTING",
    "-N FWKNOP_POSTROUTING",
    "-I POSTROUTING 1 -j FWKNOP_POSTROUTING",
    "-N FWKNOP_MASQUERADE",
    "-I POSTROUTING 1 -j FWKNOP_MASQUERADE",
  ]);
});

Deno.test("prepareBatch() keeps what an earlier run left, or empties it in the same transaction", () => {
  assert.equal(prepareBatch(RUNNING, INPUT, false).size, 0);
  assert.deepEqual(lines(prepareBatch(RUNNING, INPUT, true)), [
    "-D INPUT -j FWKNOP_INPUT",
    "-F FWKNOP_INPUT",
    "-I INPUT 1 -j FWKNOP_INPUT",
  ]);
});

Deno.test("prepareBatch() removes the chains of slots that are not in use any more", () => {
  const listing = parseSave(
    "*nat\n:PREROUTING ACCEPT [0:0]\n:FWKNOP_PREROUTING - [0:0]\n-A PREROUTING -j FWKNOP_PREROUTING\nCOMMIT\n",
  );
  assert.deepEqual(lines(prepareBatch(listing, INPUT, true), "nat"), [
    "-D PREROUTING -j FWKNOP_PREROUTING",
    "-F FWKNOP_PREROUTING",
    "-X FWKNOP_PREROUTING",
  ]);
  assert.deepEqual(lines(prepareBatch(listing, INPUT, false), "nat"), []);
});

Deno.test("prepareBatch() puts the jump where it is wanted, or at the end where the chain is shorter", () => {
  const at = (jumpPosition: number) => ({
    ...INPUT,
    chains: { ...DEFAULT_CHAINS, input: { ...DEFAULT_CHAINS.input, jumpPosition } },
  });
  for (const [wanted, got] of [[0, 1], [1, 1], [2, 2], [3, 2], [9, 2]] as const) {
    assert.ok(
      lines(prepareBatch(RUNNING, at(wanted), true)).includes(`-I INPUT ${got} -j FWKNOP_INPUT`),
      String(wanted),
    );
  }
});

Deno.test("cleanupBatch() removes every jump, and leaves a chain that the site's rules lead to", () => {
  const twice = parseSave(
    "*filter\n:INPUT DROP [0:0]\n:FWKNOP_INPUT - [0:0]\n-A INPUT -j FWKNOP_INPUT\n-A INPUT -j FWKNOP_INPUT\nCOMMIT\n",
  );
  assert.deepEqual(lines(cleanupBatch(twice, DEFAULT_CHAINS)), [
    "-D INPUT -j FWKNOP_INPUT",
    "-D INPUT -j FWKNOP_INPUT",
    "-F FWKNOP_INPUT",
    "-X FWKNOP_INPUT",
  ]);
  const led = parseSave(
    "*filter\n:INPUT DROP [0:0]\n:FWKNOP_INPUT - [0:0]\n-A INPUT -i eth1 -j FWKNOP_INPUT\nCOMMIT\n",
  );
  assert.deepEqual(lines(cleanupBatch(led, DEFAULT_CHAINS)), ["-F FWKNOP_INPUT"]);
  assert.equal(cleanupBatch(EMPTY, DEFAULT_CHAINS).size, 0);
});

Deno.test("chains that two slots share are made and removed once", () => {
  const chains = {
    ...DEFAULT_CHAINS,
    forward: { ...DEFAULT_CHAINS.forward, to: "FWKNOP_INPUT" },
  };
  const style = { ...INPUT, chains, active: ["input", "forward"] as const };
  assert.deepEqual(lines(prepareBatch(EMPTY, style, true)), [
    "-N FWKNOP_INPUT",
    "-I INPUT 1 -j FWKNOP_INPUT",
    "-I FORWARD 1 -j FWKNOP_INPUT",
  ]);
  const running = parseSave(
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:FWKNOP_INPUT - [0:0]\n-A INPUT -j FWKNOP_INPUT\n-A FORWARD -j FWKNOP_INPUT\nCOMMIT\n",
  );
  assert.deepEqual(lines(cleanupBatch(running, chains)), [
    "-D INPUT -j FWKNOP_INPUT",
    "-D FORWARD -j FWKNOP_INPUT",
    "-F FWKNOP_INPUT",
    "-X FWKNOP_INPUT",
  ]);
});

Deno.test("a jump of Docker's is not left above ours, and what others put above Docker's is", () => {
  const forward = (...targets: readonly string[]) =>
    parseSave(
      ["*filter", ...targets.map((to) => `-A FORWARD -j ${to}`), ":FWKNOP_FORWARD - [0:0]", "COMMIT", ""].join("\n"),
    );
  const style: RuleStyle = { ...INPUT, active: ["published"] };
  const moved = (...targets: readonly string[]) => lines(prepareBatch(forward(...targets), style, false));
  assert.deepEqual(moved("f2b-web", "DOCKER-USER", "DOCKER-FORWARD", "FWKNOP_FORWARD"), [
    "-D FORWARD -j FWKNOP_FORWARD",
    "-I FORWARD 2 -j FWKNOP_FORWARD",
  ]);
  assert.deepEqual(moved("f2b-web", "FWKNOP_FORWARD", "DOCKER-USER"), []);
  assert.deepEqual(moved("my-docker", "FWKNOP_FORWARD"), []);
});
