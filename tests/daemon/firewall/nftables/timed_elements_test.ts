import assert from "node:assert/strict";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import {
  liveElements,
  longest,
  sameData,
  setNameOf,
  setsOf,
  stepsToOpen,
  stepToClose,
} from "../../../../daemon/firewall/nftables/timed_elements.ts";
import { planTables } from "../../../../daemon/firewall/nftables/placement.ts";
import { address } from "../../../contract/addresses.ts";

const INPUT = {
  slot: "input",
  source: address("10.0.0.1"),
  destination: null,
  service: { proto: "tcp", port: 22 },
} as const;
const element = elementOf(INPUT)!;
const SETS = (["ip", "inet"] as const).map((family) => ({ family, table: "t", layout: element.layout }));

function dnat(to: string, expiresAt: number) {
  const { source, service } = INPUT;
  const access = { slot: "dnat", source, destination: null, service, to: address(to), toPort: null } as const;
  return { access, element: elementOf(access)!, expiresAt };
}

Deno.test("longest() keeps the longest of equal doors and the last of those in conflict", () => {
  const chosen = longest([dnat("10.0.0.2", 10), dnat("10.0.0.2", 30), dnat("10.0.0.2", 20)]);
  assert.deepEqual([...chosen.values()].map(({ expiresAt }) => expiresAt), [30]);
  const last = longest([dnat("10.0.0.2", 30), dnat("10.0.0.3", 10)]);
  assert.deepEqual([...last.values()].map(({ expiresAt }) => expiresAt), [10]);
  assert.ok(sameData(dnat("10.0.0.2", 1).element, dnat("10.0.0.2", 2).element));
  assert.ok(!sameData(dnat("10.0.0.2", 1).element, dnat("10.0.0.3", 1).element));
});

Deno.test("liveElements() leaves out what is over, and puts last what ends last", () => {
  const live = [dnat("10.0.0.2", 30), dnat("10.0.0.3", 10), dnat("10.0.0.4", 20)];
  assert.deepEqual(liveElements(live, 10).map(({ expiresAt }) => expiresAt), [20, 30]);
});

Deno.test("stepsToOpen() never leaves an old time in place, in no table", () => {
  const steps = stepsToOpen({ element, expiresAt: 1030 }, SETS, { before: null, now: 999.75 });
  assert.deepEqual(steps.map(({ verb, timeoutMs, family }) => [verb, timeoutMs, family]), [
    ["add", undefined, "ip"],
    ["delete", undefined, "ip"],
    ["add", 30_250, "ip"],
    ["add", undefined, "inet"],
    ["delete", undefined, "inet"],
    ["add", 30_250, "inet"],
  ]);
});

Deno.test("stepsToOpen() only adds what is new, in every table, and would be refused where it is not", () => {
  const steps = stepsToOpen({ element, expiresAt: 1030 }, SETS, { before: "new", now: 999.75 });
  assert.deepEqual(steps.map(({ verb, timeoutMs, family, onlyNew }) => [verb, timeoutMs, family, onlyNew]), [
    ["add", 30_250, "ip", true],
    ["add", 30_250, "inet", true],
  ]);
});

Deno.test("stepsToOpen() takes out of a map what is known to be there", () => {
  const [there, wanted] = [dnat("10.0.0.2", 10), dnat("10.0.0.3", 30)];
  const sets = [{ family: "inet", table: "t", layout: wanted.element.layout } as const];
  const steps = stepsToOpen(wanted, sets, { before: there.element, now: 0 });
  assert.deepEqual(steps.map(({ data }) => data?.toHex()), ["0a000002", "0a000002", "0a000003"]);
});

Deno.test("setsOf() and stepToClose() name sets by family and table", () => {
  const [ours] = planTables([{ family: "ip6", table: "my table", chain: "in", hook: "input" }], ["input"]);
  assert.deepEqual(setsOf([ours!]).map(setNameOf), [
    { family: "ip6", table: "my table", set: "fwknop_input6_to" },
    { family: "ip6", table: "my table", set: "fwknop_input6" },
  ]);
  assert.deepEqual(stepToClose(element, SETS[1]!), {
    verb: "delete",
    family: "inet",
    table: "t",
    set: "fwknop_input4",
    key: element.key,
  });
});
