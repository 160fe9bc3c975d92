/** Rehearsals on the kernel's own packet filter: nobody can tell that there was one. */
import assert from "node:assert/strict";
import { openRulesetListener } from "../../../ffi/nfnetlink/events.ts";
import type { Run } from "../../../lib/host/run.ts";
import { iptablesRig } from "../../contract/iptables_rig.ts";
import { runWithin, within } from "../../contract/namespace.ts";
import { rehearse } from "../../../daemon/start/rehearsal.ts";
import { labTest } from "../../lab/mod.ts";
import { nftablesRig } from "../firewall/nftables/rig.ts";
import { activeConfig } from "./rehearsal_scene.ts";

labTest("rehearse() changes nothing in nftables, not for a moment, and no event tells of it", async () => {
  await using rig = await nftablesRig();
  let inVain = 0;
  const firewall = rig.start({}, (netlink) => ({
    ...netlink,
    transactInVain: (changes) => {
      const outcome = netlink.transactInVain(changes);
      // The kernel has seen it, and said why not: it is no ruleset of that generation.
      assert.deepEqual([changes.length > 0, outcome], [true, { ok: false, stale: true }]);
      inVain++;
      return outcome;
    },
  }));
  await firewall.prepare();
  const before = await rig.ruleset();
  const events = rig.listen();
  assert.equal(await rehearse(activeConfig(), firewall, 5), 5);
  assert.deepEqual(events.drain(), { changes: [], lost: false });
  assert.equal(await rig.ruleset(), before);
  assert.deepEqual(await firewall.list(), []);
  assert.equal(inVain, 5);
  // That the events are heard at all.
  await rig.nft("add table inet another");
  assert.notEqual(events.drain().changes.length, 0);
});

labTest("rehearse() hears what others do meanwhile, and what may have gone is still looked for", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  assert.equal(firewall.events?.drain(), false);
  await rig.loseJump();
  await rehearse(activeConfig(), firewall, 1);
  assert.equal(firewall.events?.drain(), true);
});

for (const variant of ["iptables", "iptables-legacy"] as const) {
  const needs = variant === "iptables" ? {} : { needs: { "iptables-legacy-restore": "iptables" } };
  labTest(`rehearse() changes nothing in ${variant}, no event tells of it, and no program is run for it`, async () => {
    await using rig = await iptablesRig(variant);
    const { namespace } = rig.lab.host("server");
    let runs = 0;
    const run: Run = (...call) => (runs++, runWithin(namespace)(...call));
    const firewall = rig.start({ run });
    await firewall.prepare();
    const before = await rig.ruleset();
    using events = within(namespace, openRulesetListener);
    const runsBefore = runs;
    assert.equal(await rehearse(activeConfig(), firewall, 5), 5);
    assert.equal(runs, runsBefore);
    assert.deepEqual(events.drain(), { changes: [], lost: false });
    assert.equal(await rig.ruleset(), before);
    assert.deepEqual(await firewall.list(), []);
    assert.doesNotMatch(rig.log.join("\n"), /kept open/);
  }, needs);
}
