/** Our daemon behind Debian's real firewalld: knocks open rich rules, and firewalld ends them. */
import assert from "node:assert/strict";
import { FIREWALLD_NEEDS, type FirewalldHost, startFirewalld } from "../lab/firewalld.ts";
import { type Lab, labTest, makeLab } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

/** A lab whose server has firewalld and nothing else, and the daemon beside it. */
async function setFirewalldScene(
  lab: Lab,
  options: Parameters<typeof setScene>[1] = {},
): Promise<{ readonly scene: Scene; readonly host: FirewalldHost }> {
  const host = await startFirewalld(lab);
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 60 }, ...options, prefix: host.within });
  return { scene, host };
}

function firewalldTest(name: string, body: (lab: Lab) => Promise<void>): void {
  labTest(`firewalld: ${name}`, async () => {
    await using lab = await makeLab({ guard: "none" });
    await body(lab);
  }, { needs: FIREWALLD_NEEDS });
}

async function rulesOf(host: FirewalldHost): Promise<readonly string[]> {
  return (await host.cmd("--zone=public", "--list-rich-rules")).split("\n").filter((line) => line !== "");
}

/** The other version of IP than the scene's knocks. */
async function knock6(scene: Scene, port: number): Promise<void> {
  const [, , , , , server = ""] = knockArgs(scene.lab, port, 6);
  await scene.knock(port, ["-a", scene.lab.address("knocker", 6), "-D", server]);
}

firewalldTest("a knock opens a port over IPv4 and one over IPv6, and each ends with its time", async (lab) => {
  const { scene, host } = await setFirewalldScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 3 } });
  await scene.daemon.program.waitFor(
    /firewall: firewalld, because inet firewalld filter_INPUT is managed by firewalld/,
  );
  assert.equal(await scene.isOpen(22), false);
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  assert.equal(await lab.probe("stranger", scene.server, 22), "filtered");
  await knock6(scene, 23);
  assert.ok(await lab.opens("knocker", lab.address("server", 6), 23), scene.daemon.program.output);
  assert.ok(await lab.closes("knocker", scene.server, 22));
  assert.ok(await lab.closes("knocker", lab.address("server", 6), 23));
  await scene.daemon.program.waitFor(/Removed rule .* from firewalld zone public/);
  assert.deepEqual(await rulesOf(host), []);
  assert.equal(scene.daemon.program.count(/error|keeps it shut/i), 0, scene.daemon.program.output);
});
