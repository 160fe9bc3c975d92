/** --proxy where the C daemon forwards. */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, type Directives, type Lab, labTest, makeLab, OUR_CLIENT, writeRc } from "../lab/mod.ts";
import { type Scene, setScene } from "../e2e/scene.ts";

const SOCAT = { socat: "socat" };

/** Words for a shell of the test: none holds a quote. */
function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** The client with an rc file in which `[gw]` knows the keys. */
async function proxyCommand(lab: Lab, scene: Scene, more: Directives = {}): Promise<string> {
  const gw = { SPA_SERVER: scene.server, ALLOW_IP: lab.address("knocker"), ...scene.keys, ...more };
  const rc = await writeRc(lab.dir, { gw });
  return `${shellWords([...OUR_CLIENT.argv, "--rc-file", rc])}`;
}

labTest(
  "--proxy reaches a host inside through a random port, and finds its stanza by the server's address",
  async () => {
    await using lab = await makeLab({ extra: ["inside"], guard: "iptables" });
    const scene = await setScene(lab, {
      program: C_DAEMON,
      stanza: { FW_ACCESS_TIMEOUT: 30 },
      server: { ENABLE_IPT_FORWARDING: "Y" },
    });
    const command = await proxyCommand(lab, scene, { NAT_ACCESS: `${lab.address("inside")},22`, NAT_RAND_PORT: "Y" });
    lab.spawn("inside", ["socat", "TCP-LISTEN:22,reuseaddr", "SYSTEM:tr a-z A-Z"]);
    const run = await lab.run("knocker", ["sh", "-c", `printf hello | ${command} --proxy ${scene.server} 22`]);
    assert.equal(run.code, 0, run.stderr + scene.daemon.program.output);
    assert.equal(run.stdout, "HELLO");
  },
  { needs: { ...SOCAT, ...C_PROGRAMS } },
);
