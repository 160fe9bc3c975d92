/** The C programs alone. */
import assert from "node:assert/strict";
import { C_CLIENT, C_DAEMON, C_PROGRAMS, keyArgs, knock, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";

labTest("the C programs knock and open in a lab: the baseline of every interop test", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const keys = newKeys();
  const server = lab.address("server");
  const daemon = await startDaemon(lab, { program: C_DAEMON, access: [{ ...keys, FW_ACCESS_TIMEOUT: 2 }] });
  const target = ["-A", "tcp/22", "-a", lab.address("knocker"), "-D", server];
  assert.equal(await lab.probe("knocker", server, 22), "filtered");
  await knock(lab, [...target, ...keyArgs(keys)], { program: C_CLIENT });
  assert.ok(await lab.opens("knocker", server, 22), daemon.program.output);
  assert.equal(await lab.probe("stranger", server, 22), "filtered");
  assert.ok(await lab.closes("knocker", server, 22));
}, { needs: C_PROGRAMS });
