import assert from "node:assert/strict";
import { examinePath, IPV6_UPKEEP } from "../../../../daemon/firewall/path/examine.ts";
import { labTest, makeLab } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

labTest("what examinePath() advises can be pasted, and is enough", async () => {
  await using lab = await makeLab({ guard: "none" });
  const nft = (script: string) => lab.must("server", ["nft", "-f", "-"], { stdin: script });
  await nft("table inet f {\n chain i {\n type filter hook input priority 0; policy drop;\n }\n }");
  using rig = openRig(lab);
  const examine = async () => {
    rig.catchUp();
    await rig.watch.survey();
    return examinePath(rig.watch, 62201, () => true);
  };
  const warnings = await examine();
  assert.equal(warnings.length, 3);
  const advice = warnings.flatMap((warning) => [...warning.matchAll(/"([^"]+)"/g)].map(([, rule]) => rule!));
  assert.deepEqual(advice, ["udp dport 62201 accept", "ct state established,related accept", ...IPV6_UPKEEP]);
  for (const rule of advice) await nft(`add rule inet f i ${rule}`);
  assert.deepEqual(await examine(), []);
});
