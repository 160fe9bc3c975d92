/** An interface that comes late: EXIT_AT_INTF_DOWN decides whether a start waits for it. */
import assert from "node:assert/strict";
import { labTest, makeLab, newKeys, OUR_DAEMON, writeAccess, writeServerConfig } from "../lab/mod.ts";
import { setScene } from "./scene.ts";

labTest(
  "EXIT_AT_INTF_DOWN N waits at start for an interface that is not there, and opens when it has come",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, { server: { PCAP_INTF: "late0", EXIT_AT_INTF_DOWN: "N" } });
    const { program } = scene.daemon;
    assert.match(program.output, /Cannot listen on interface "late0".*trying again every second/);
    assert.equal(program.count(/Sniffing interface/), 0);
    const mark = program.mark();
    program.signal("SIGHUP");
    await program.waitFor(/Re-starting fwknopd/, { since: mark });
    for (const command of ["set eth0 down", "set eth0 name late0", "set late0 up"]) {
      await lab.must("server", ["ip", "link", ...command.split(" ")]);
    }
    await program.waitFor(/Sniffing interface: late0/);
    await scene.knock(22);
    assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
  },
);

labTest("without EXIT_AT_INTF_DOWN N an interface that is not there ends the start, in the words of C", async () => {
  await using lab = await makeLab();
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "late0" });
  const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
  const { code, stderr } = await lab.run("server", [...OUR_DAEMON.argv, "-f", "-c", config, "-a", access]);
  assert.equal(code, 1);
  assert.match(stderr, /pcap_open_live.*error/);
});
