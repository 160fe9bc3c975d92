/** Grants that are open beside one whose packets somebody's rule sends on, and from where they come. */
import assert from "node:assert/strict";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import type { Obstruction } from "../../../../daemon/firewall/path/model.ts";
import { address } from "../../../contract/addresses.ts";
import { labTest } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";
import { accessOf, guard, INSIDE, load, nat, type Scene } from "./sent_on_scene.ts";

const SHUT: Scene = {
  script: nat(INSIDE) +
    guard("forward", "jump fwknop_forward").replace(
      "chain fwknop_input",
      "chain fwknop_forward {\n}\nchain fwknop_input",
    ),
};

labTest("judge() counts the grants beside the one that is judged", async () => {
  const lab = await load(SHUT);
  using rig = openRig(lab);
  await rig.watch.survey();
  const access = accessOf(SHUT, lab);
  const judged = (...others: readonly Access[]): readonly Obstruction[] =>
    rig.watch.judge(access, undefined, ({ text }) => text === access.source.text ? others : []);
  assert.equal(judged(access).length, 1);
  assert.deepEqual(judged({ ...access, slot: "published" }), [], "GUARD both");
  const other = { proto: "tcp", port: 23 } as const;
  assert.equal(judged({ ...access, slot: "published", service: other }).length, 1);
  assert.deepEqual(judged({ slot: "forward", source: access.source, target: null, service: null }), []);
});

labTest("walk() follows what is sent on, as far as it goes", async () => {
  const lab = await load(SHUT);
  using rig = openRig(lab);
  await rig.watch.survey();
  const packet = { family: 4, service: { proto: "tcp", port: 22 } } as const;
  const told = (steps: ReturnType<typeof rig.watch.walk>) => steps.map(({ chain, does }) => `${chain.hook} ${does}`);
  assert.deepEqual(told(rig.watch.walk(packet)), ["forward shuts"]);
  assert.deepEqual(told(rig.watch.walk({ ...packet, alsoPublished: true })), ["forward opens"]);
  assert.deepEqual(told(rig.watch.walk({ ...packet, alsoPublished: true, granted: false })), ["forward shuts"]);
});

labTest("a published grant is sent on, whichever jump of ours stands before that", async () => {
  const row: Scene = {
    script: nat(`jump fwknop_prerouting\n${INSIDE}`, { others: "chain fwknop_prerouting {\n}" }),
  };
  const lab = await load(row);
  using rig = openRig(lab);
  await rig.watch.survey();
  const access = { ...accessOf(row, lab), slot: "published" } as const;
  assert.deepEqual(rig.watch.judge(access), []);
});

labTest("who knocks from where containers are may come by their interface", async () => {
  const row: Scene = { script: nat(`iifname != docker0 ${INSIDE}`) + guard("forward", "") };
  const lab = await load(row);
  await lab.must("server", ["sh", "-ec", "ip address replace 172.17.0.1/16 dev docker0"]);
  using rig = openRig(lab);
  await rig.watch.survey();
  const from = (source: string) => rig.watch.judge({ ...accessOf(row, lab), source: address(source) }).length;
  assert.deepEqual([from("10.77.0.2"), from("172.17.0.9")], [1, 0]);
});
