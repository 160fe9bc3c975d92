/** One daemon that lives through every ruleset there is a row for, one after the other, with a knock in each. */
import assert from "node:assert/strict";
import { labTest, makeLab } from "../lab/mod.ts";
import { emptyFilter, legacyBlocker, load, SITUATIONS } from "../lab/foreign/situations.ts";
import { assertSettles, setTruthScene } from "./truth.ts";

labTest("one daemon lives through all of them", async (t) => {
  await using lab = await makeLab({ guard: "none" });
  const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 600 } });
  const { program } = scene.daemon;
  let failed = false;
  // There and back: what came before must not matter.
  const usable = legacyBlocker() === null ? SITUATIONS : SITUATIONS.filter(({ legacy }) => legacy === undefined);
  for (const situation of [...usable, ...usable.toReversed()]) {
    await t.step(situation.name, async () => {
      const stays = await load(lab, situation);
      try {
        await assertSettles(scene, 22, situation.shutBy);
        assert.equal(program.ended, null, program.output);
      } finally {
        await stays?.stop();
        await emptyFilter(lab);
      }
    }) || (failed = true);
    if (program.ended !== null) break;
  }
  assert.equal(failed, false);
  assert.equal((await scene.daemon.stop()).code, 0, program.output);
});
