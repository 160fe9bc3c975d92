/** An interface that comes late: EXIT_AT_INTF_DOWN decides whether a start waits for it. */
import assert from "node:assert/strict";
import {
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  writeAccess,
  writeServerConfig,
} from "../lab/mod.ts";
import { setScene } from "./scene.ts";

for (
  const [how, options] of [
    ["EXIT_AT_INTF_DOWN N", { server: { PCAP_INTF: "late0", EXIT_AT_INTF_DOWN: "N" } }],
    ["--wait-for-interface", { server: { PCAP_INTF: "late0" }, args: ["--wait-for-interface"] }],
  ] as const
) {
  labTest(`${how} waits at start for an interface that is not there, and opens when it has come`, async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, options);
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
  });
}

labTest("without EXIT_AT_INTF_DOWN N an interface that is not there ends the start, in the words of C", async () => {
  await using lab = await makeLab();
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "late0" });
  const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
  const { code, stderr } = await lab.run("server", [...OUR_DAEMON.argv, "-f", "-c", config, "-a", access]);
  assert.equal(code, 1);
  assert.match(stderr, /pcap_open_live.*error/);
});

/** The daemon on both interfaces of the gateway, and knocks from the host behind each. */
async function twoInterfaces(lab: Lab, server: Record<string, string> = {}) {
  const scene = await setScene(lab, { server: { PCAP_INTF: "eth0, eth1,eth0", ...server } });
  const { program } = scene.daemon;
  let port = 30_000;
  return {
    scene,
    program,
    /** Knocks from a host, and says whether the door opened for it. */
    async knockFrom(host: "knocker" | "inside"): Promise<boolean> {
      const at = host === "knocker" ? scene.server : "10.78.0.1";
      const args = ["-A", `tcp/${++port}`, "-a", lab.address(host), "-D", at, ...keyArgs(scene.keys)];
      await knock(lab, args, { from: host });
      return await lab.opens(host, at, port);
    },
    ip: (...commands: readonly string[]) =>
      Promise.all(commands.map((command) => lab.must("server", ["ip", "link", ...command.split(" ")]))),
  };
}

labTest("a knock opens on each of two interfaces, whatever becomes of the other one", async () => {
  await using lab = await makeLab({ extra: ["inside"] });
  const { knockFrom, ip, program } = await twoInterfaces(lab);
  assert.equal(program.count(/Sniffing interface: eth[01]$/), 2);
  assert.ok(await knockFrom("knocker") && await knockFrom("inside"), program.output);

  let mark = program.mark();
  await ip("set eth1 down");
  await program.waitFor(/Error from pcap_dispatch: .*"eth1": it was taken down/, { since: mark });
  assert.ok(await knockFrom("knocker"), "one that is down stops no other");
  await ip("set eth1 up");
  await program.waitFor(/Interface eth1 is up again/, { since: mark });
  assert.ok(await knockFrom("inside"), program.output);

  mark = program.mark();
  await ip("set eth1 down");
  await ip("set eth1 name other0");
  await ip("set other0 up");
  await program.waitFor(/Error from pcap_dispatch: .*"eth1": it is gone, or has another name now/, { since: mark });
  assert.ok(await knockFrom("knocker"), "nor does one that was renamed");
  await ip("set other0 down");
  await ip("set other0 name eth1");
  await ip("set eth1 up");
  await program.waitFor(/Sniffing interface: eth1/, { since: mark });
  assert.ok(await knockFrom("inside"), program.output);

  mark = program.mark();
  await ip("del eth1");
  await program.waitFor(/Error from pcap_dispatch: .*"eth1"/, { since: mark });
  assert.ok(await knockFrom("knocker"), "nor does one that is gone");
});

labTest("SIGHUP exchanges the interface that changed, and the other keeps its capture", async () => {
  await using lab = await makeLab({ extra: ["inside"] });
  const { knockFrom, program, scene } = await twoInterfaces(lab);
  const mark = program.mark();
  await writeServerConfig(scene.daemon.dir, { PCAP_INTF: "eth0" });
  program.signal("SIGHUP");
  await program.waitFor(/Re-starting fwknopd/, { since: mark });
  assert.equal(program.count(/Sniffing interface: eth0/), 1, "it was not opened again");
  assert.ok(await knockFrom("knocker"), program.output);
});

labTest("EXIT_AT_INTF_DOWN Y ends the daemon when one of two interfaces goes down", async () => {
  await using lab = await makeLab({ extra: ["inside"] });
  const { ip, program } = await twoInterfaces(lab, { EXIT_AT_INTF_DOWN: "Y" });
  await ip("set eth1 down");
  assert.equal((await program.finished()).code, 1);
  assert.match(program.output, /Fatal error from pcap_dispatch: .*eth1/);
});

labTest("all interfaces that are not there are named at start, and in the check before it", async () => {
  await using lab = await makeLab({ extra: [] });
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "late0,eth0,late1" });
  const access = await writeAccess(lab.dir, [{ ...newKeys() }]);
  for (const mode of ["-f", "--exit-parse-config"]) {
    const { code, stderr, stdout } = await lab.run("server", [...OUR_DAEMON.argv, mode, "-c", config, "-a", access]);
    assert.equal(code, 1, mode);
    assert.match(stderr + stdout, /"late0"[^]*"late1"/, mode);
  }
});
