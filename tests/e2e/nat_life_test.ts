/** Grants of NAT live as those of access do: they end without the daemon, are taken over, renewed, and listed. */
import assert from "node:assert/strict";
import { type Directives, type Lab, labTest, makeLab } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

const NAT_ON = {
  ...{ ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_SNAT: "Y", ENABLE_MASQUERADE_ANY_PORT: "Y" },
  ...{ FLUSH_NFT_AT_INIT: "N", FLUSH_IPT_AT_INIT: "N" },
};
const INSIDE = ["-N", "10.78.0.2:80"];

async function setGateway(lab: Lab, stanza: Directives): Promise<Scene> {
  lab.listen("inside", 80);
  return await setScene(lab, { server: NAT_ON, stanza, args: ["-v"] });
}

labTest(
  "a NAT grant ends in time when the daemon was killed",
  async () => {
    await using lab = await makeLab({ extra: ["inside"] });
    const scene = await setGateway(lab, { FW_ACCESS_TIMEOUT: 30 });
    await scene.knock(8080, INSIDE);
    assert.ok(await lab.opens("knocker", scene.server, 8080), scene.daemon.program.output);
    await scene.daemon.stop("SIGKILL");
    assert.equal(await lab.probe("knocker", scene.server, 8080), "open");
    assert.ok(await lab.closes("knocker", scene.server, 8080), "nobody is there to close it but the kernel");
    const { stdout } = await lab.run("server", ["nft", "list", "ruleset"]);
    assert.doesNotMatch(stdout, /10\.77\.0\.2/);
  },
);

for (const guard of ["nftables", "iptables"] as const) {
  labTest(`NAT grants are taken over by the next run, listed, and closed in time: ${guard}`, async () => {
    await using lab = await makeLab({ guard, extra: ["inside"] });
    const scene = await setGateway(lab, { FW_ACCESS_TIMEOUT: 25 });
    await scene.knock(8080, INSIDE);
    assert.ok(await lab.opens("knocker", scene.server, 8080), scene.daemon.program.output);
    await scene.daemon.stop("SIGKILL");
    await using again = await scene.daemon.again();
    await again.program.waitFor(/^3 doors of an earlier run are still open/);
    assert.equal(await lab.probe("knocker", scene.server, 8080), "open");
    const { stdout } = await lab.run("server", [...again.argv, "--fw-list"]);
    for (const line of LISTED[guard]) assert.match(stdout, line);
    assert.ok(await lab.closes("knocker", scene.server, 8080));
    for (const container of CONTAINERS[guard]) {
      await again.program.waitFor(new RegExp(`Removed rule 1 from ${container} with expire time of`));
    }
  });

  labTest(`a second knock makes NAT grants last longer, once each: ${guard}`, async () => {
    await using lab = await makeLab({ guard, extra: ["inside"] });
    const scene = await setGateway(lab, { FW_ACCESS_TIMEOUT: 30 });
    await scene.knock(8080, INSIDE);
    assert.ok(await lab.opens("knocker", scene.server, 8080), scene.daemon.program.output);
    await scene.knock(8080, [...INSIDE, "-f", "60"]);
    const { program } = scene.daemon;
    const added = (kind: string) => program.lines.filter((line) => line.startsWith(`Added ${kind} rule`)).length;
    await scene.processed();
    assert.deepEqual([added("FORWARD"), added("DNAT"), added("SNAT")], [2, 2, 2]);
    const { stdout } = await lab.run("server", [...scene.daemon.argv, "--fw-list"]);
    for (const line of LISTED[guard]) assert.equal([...stdout.matchAll(new RegExp(line, "gm"))].length, 1, stdout);
  });
}

/** Where the grants stand. */
const CONTAINERS = {
  nftables: [
    "inet guard fwknop_forward4_to",
    "inet fwknop_nat fwknop_dnat4_port",
    "inet fwknop_nat fwknop_masquerade4",
  ],
  iptables: ["FWKNOP_FORWARD", "FWKNOP_PREROUTING", "FWKNOP_MASQUERADE"],
};

const LISTED = {
  nftables: [
    /^ {2}fwknop_forward4_to 10\.77\.0\.2 \. 10\.78\.0\.2 \. tcp \. 80, expires at/m,
    /^ {2}fwknop_dnat4_port 10\.77\.0\.2 \. tcp \. 8080 : 10\.78\.0\.2 \. 80, expires at/m,
    /^ {2}fwknop_masquerade4 10\.78\.0\.2 \. tcp \. 80, expires at/m,
  ],
  iptables: [
    /^1 .*ACCEPT .*10\.77\.0\.2 +10\.78\.0\.2 .*dpt:80 .*_exp_[0-9]+/m,
    /^1 .*DNAT .*10\.77\.0\.2 .*dpt:8080 .*_exp_[0-9]+ \*\/ to:10\.78\.0\.2:80/m,
    /^1 .*MASQUERADE .*10\.78\.0\.2 .*dpt:80 .*_exp_[0-9]+/m,
  ],
};
