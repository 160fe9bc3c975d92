import assert from "node:assert/strict";
import { address } from "../../../contract/addresses.ts";
import { tellsPlaces } from "../../../ffi/nfnetlink/foreign_ruleset.ts";
import { labTest, makeLab } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

labTest("hear() says of each change whether it may be about the packets of a grant that was judged", async () => {
  await using lab = await makeLab({ guard: "none", extra: [] });
  const run = (...lines: readonly string[]) => lab.must("server", ["nft", "-f", "-"], { stdin: lines.join("\n") });
  await run(`table inet t {
set single { type ipv4_addr; }
set wide { type ipv4_addr; flags interval; }
set unasked { type ipv4_addr; }
chain base {
  type filter hook input priority 0; policy accept;
  ip saddr @single drop
  ip saddr @wide drop
}
chain spare { tcp dport 1 drop; }
}
table bridge b { chain c { }; }`);
  using rig = openRig(lab);
  await rig.watch.survey();
  rig.hearAll();
  const due = async (...lines: readonly string[]) => {
    await run(...lines);
    return [...rig.hearAll()].filter((one) => one !== "nothing");
  };
  const elsewhere = [
    ["add rule inet t base ip saddr 203.0.113.9 drop"],
    ["add element inet t single { 203.0.113.9 }"],
    ["delete element inet t single { 203.0.113.9 }"],
    ["add element inet t unasked { 10.77.0.2 }"],
    ["add rule inet t spare ip saddr 10.77.0.2 drop", "add rule bridge b c drop", "add chain inet t other"],
    ["add rule inet t base ip saddr 10.77.0.2 counter"],
  ];
  assert.deepEqual(
    rig.watch.judge({
      slot: "input",
      source: address("10.77.0.2"),
      destination: null,
      service: { proto: "tcp", port: 22 },
    }),
    [],
  );
  for (const lines of elsewhere) assert.deepEqual(await due(...lines), [], lines[0]);
  const concerning = [
    "insert rule inet t base ip saddr 10.77.0.2 tcp dport 25 drop",
    "add rule inet t base ip saddr @unasked drop",
    "add element inet t single { 10.77.0.2 }",
    "delete element inet t single { 10.77.0.2 }",
    "add element inet t wide { 10.77.0.0/24 }",
    "flush set inet t wide",
  ];
  for (const line of concerning) assert.deepEqual(await due(line), ["judging"], line);
  // One that was opened while all are judged counts until they are judged again.
  rig.watch.judgeAnew();
  assert.deepEqual(await due("add element inet t single { 10.77.0.2 }"), ["judging"]);
  rig.watch.judgeAnew();
  assert.deepEqual(await due("delete element inet t single { 10.77.0.2 }"), []);
}, {
  blocker: () => tellsPlaces() ? null : "this kernel does not tell where new rules stand",
});
