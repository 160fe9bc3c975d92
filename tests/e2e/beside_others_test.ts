/** The daemon beside rulesets of other people's software: it opens, or it says what keeps the port shut. A packet is the judge. */
import { labTest, makeLab } from "../lab/mod.ts";
import { legacyBlocker, load, SITUATIONS } from "../lab/foreign/situations.ts";
import { assertTold, setTruthScene } from "./truth.ts";

for (const situation of SITUATIONS) {
  labTest(`beside others: ${situation.name}`, async () => {
    await using lab = await makeLab({ guard: "none" });
    await load(lab, situation);
    const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
    await assertTold(scene, 22, situation.shutBy);
  }, situation.legacy ? { needs: { "iptables-legacy": "iptables" }, blocker: legacyBlocker } : {});
}
