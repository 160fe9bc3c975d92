/** --wait where the C daemon forwards. */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, keyArgs, labTest, makeLab, runClient } from "../lab/mod.ts";
import { knockArgs, setScene } from "../e2e/scene.ts";

labTest(
  "--wait finds the forwarded port: a random one to a host inside, one of choice on the server itself",
  async () => {
    await using lab = await makeLab({ extra: ["inside"], guard: "iptables" });
    const scene = await setScene(lab, {
      program: C_DAEMON,
      stanza: { FW_ACCESS_TIMEOUT: 30 },
      server: { ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y" },
    });
    lab.listen("inside", 22);
    lab.listen("server", 22);
    const args = [...knockArgs(lab, 22), ...keyArgs(scene.keys), "--wait=5"];
    const inside = await runClient(lab, [...args, "-N", `${lab.address("inside")}:22`, "--nat-rand-port"]);
    assert.equal(inside.code, 0, inside.stderr + scene.daemon.program.output);
    const [, port] = /Randomly assigned port '(\d+)'/.exec(inside.stdout) ?? [];
    assert.match(inside.stdout, new RegExp(`^tcp/${port} of 10\\.77\\.0\\.1 opened`, "m"));
    const local = await runClient(lab, [...args, "--nat-local", "--nat-port", "4422"]);
    assert.equal(local.code, 0, local.stderr + scene.daemon.program.output);
    assert.match(local.stdout, /^tcp\/4422 of 10\.77\.0\.1 opened/m);
  },
  { needs: C_PROGRAMS },
);
