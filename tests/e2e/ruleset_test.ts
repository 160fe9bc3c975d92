/** Other hands in the packet filter: flushed, saved, restored. Nobody else gets in, and who is in stays in. */
import assert from "node:assert/strict";
import { iptablesGuard, labTest, makeLab, nftablesGuard } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

const LONG = { FW_ACCESS_TIMEOUT: 60 } as const;

async function openGrant(scene: Scene, port: number): Promise<void> {
  await scene.knock(port);
  assert.ok(await scene.lab.opens("knocker", scene.server, port), scene.daemon.program.output);
}

async function onlyKnockerGetsIn(scene: Scene, port: number): Promise<void> {
  assert.ok(await scene.lab.opens("knocker", scene.server, port), `the door is lost:\n${scene.daemon.program.output}`);
  assert.equal(await scene.lab.probe("stranger", scene.server, port), "filtered");
  assert.equal(await scene.lab.probe("knocker", scene.server, port + 1), "filtered");
}

labTest("nftables: the whole ruleset loaded anew keeps live doors open, for their knocker only", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${nftablesGuard()}` });
  await onlyKnockerGetsIn(scene, 22);
  await openGrant(scene, 24);
  await onlyKnockerGetsIn(scene, 24);
});

labTest("nftables: a flushed chain, and with it the lost jump, is mended without a knock", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await lab.must("server", ["nft", "flush", "chain", "inet", "guard", "input"]);
  await onlyKnockerGetsIn(scene, 22);
  await openGrant(scene, 24);
});

labTest("nftables: a ruleset saved and restored with a door open lets nobody else in", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  const saved = await lab.must("server", ["nft", "list", "ruleset"]);
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${saved}` });
  await onlyKnockerGetsIn(scene, 22);
});

labTest("iptables: rules saved and restored with a door open let nobody else in, and it still closes", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 4 } });
  await openGrant(scene, 22);
  const saved = await lab.must("server", ["iptables-save"]);
  assert.match(saved, /-A FWKNOP_INPUT -s 10\.77\.0\.2\/32 .*--dport 22 .*_exp_\d+/);
  await lab.must("server", ["iptables-restore"], { stdin: saved });
  await onlyKnockerGetsIn(scene, 22);
  assert.ok(await lab.closes("knocker", scene.server, 22));
  assert.doesNotMatch(await lab.must("server", ["iptables-save"]), /_exp_/);
});

labTest("iptables: after a flush and a fresh start of the site's rules the next knock opens again", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const scene = await setScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await lab.must("server", ["iptables-restore"], { stdin: iptablesGuard(4) });
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  await openGrant(scene, 24);
  await onlyKnockerGetsIn(scene, 24);
});
