/** More changes of the ruleset than the kernel keeps for one who does not read. */
import assert from "node:assert/strict";
import { type Lab, labTest, makeLab } from "../lab/mod.ts";
import { apply, nft } from "../lab/foreign/steps.ts";
import { type Scene, setScene } from "./scene.ts";

/** Rules of one transaction. Each is an event of its own, and the daemon's socket holds a megabyte of them. */
const MANY = 40_000;

function manyRules(table: string): string {
  const rules = Array.from(
    { length: MANY },
    (_, i) => `ip saddr 192.${i >> 16}.${(i >> 8) & 255}.${i & 255} counter drop`,
  );
  return `table inet ${table} {\n chain others {\n ${rules.join("\n ")}\n }\n}\n`;
}

async function openGrant(scene: Scene, port: number): Promise<void> {
  await scene.knock(port);
  assert.ok(await scene.lab.opens("knocker", scene.server, port), scene.daemon.program.output);
}

/** How many messages the daemon's sockets of nfnetlink lost, as the kernel counts them. */
async function lostMessages(lab: Lab): Promise<number> {
  // Columns of /proc/net/netlink: sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode; Eth 12 is NETLINK_NETFILTER.
  const lines = (await lab.must("server", ["cat", "/proc/net/netlink"])).split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  return lines.filter((columns) => columns[1] === "12").reduce((sum, columns) => sum + Number(columns[8]), 0);
}

labTest(
  "events lost while the daemon stood still: it looks again, grants stand, and the next knock opens",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
    await openGrant(scene, 22);
    const { program } = scene.daemon;
    scene.daemon.program.signal("SIGSTOP");
    try {
      await apply(lab, [nft(manyRules("burst")), nft("delete table inet burst")]);
      // The last change is the one that matters, and its event is among the lost.
      await apply(lab, [nft("flush chain inet guard input\nadd rule inet guard input ct state established accept")]);
      assert.ok(await lostMessages(lab) > 0, "no event was lost");
    } finally {
      scene.daemon.program.signal("SIGCONT");
    }
    assert.ok(await lab.opens("knocker", scene.server, 22), `the door is lost:\n${program.output}`);
    assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
    await openGrant(scene, 24);
    assert.equal(program.ended, null);
  },
);

labTest("a firewall exchanged amid lost events", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
  await openGrant(scene, 22);
  scene.daemon.program.signal("SIGSTOP");
  try {
    await apply(lab, [
      nft(manyRules("burst")),
      nft("flush ruleset\ntable inet site { chain outside { type filter hook input priority 0; policy drop; }; }"),
    ]);
    assert.ok(await lostMessages(lab) > 0, "no event was lost");
  } finally {
    scene.daemon.program.signal("SIGCONT");
  }
  assert.ok(await lab.opens("knocker", scene.server, 22), `the door is lost:\n${scene.daemon.program.output}`);
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  await openGrant(scene, 24);
});

labTest("knocks amid a large transaction of somebody else", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 } });
  const script = `${manyRules("one")}delete table inet one\n${manyRules("two")}`;
  let loaded = false;
  const loading = apply(lab, [nft(script)]).finally(() => loaded = true);
  let port = 1000;
  do await openGrant(scene, port++); while (!loaded);
  await loading;
  await openGrant(scene, port);
  for (let one = 1000; one < port; one++) {
    assert.ok(await scene.isOpen(one), `${one} is shut:\n${scene.daemon.program.output}`);
  }
  assert.equal(await lab.probe("stranger", scene.server, 1000), "filtered");
});
