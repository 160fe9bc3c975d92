import assert from "node:assert/strict";
import { C_CLIENT, C_DAEMON, C_PROGRAMS, keyArgs, knock, labTest, makeLab, newKeys, startDaemon } from "./mod.ts";

labTest("a lab's server drops what its guard does not let in, over IPv4 and IPv6", async () => {
  for (const guard of ["nftables", "iptables"] as const) {
    await using lab = await makeLab({ guard });
    lab.listen("server", 22);
    lab.listen("server", 22, { family: 6, transport: "udp" });
    for (const family of [4, 6] as const) {
      const server = lab.address("server", family);
      assert.equal(await lab.probe("knocker", server, 22), "filtered");
      assert.equal(await lab.probe("stranger", server, 53, { transport: "udp" }), "filtered");
    }
    await lab.guard("none");
    for (const family of [4, 6] as const) {
      const server = lab.address("server", family);
      assert.equal(await lab.probe("knocker", server, 22), family === 4 ? "open" : "refused");
      assert.equal(await lab.probe("stranger", server, 53, { transport: "udp" }), "refused");
    }
    assert.equal(await lab.probe("server", lab.address("knocker"), 22), "refused");
  }
});

labTest("a disposed lab leaves no namespace, no program and no directory", async () => {
  const lab = await makeLab();
  const program = lab.spawn("server", ["sleep", "60"]);
  await lab[Symbol.asyncDispose]();
  assert.notEqual(program.ended, null);
  assert.throws(() => Deno.statSync(lab.dir), Deno.errors.NotFound);
  for (const { namespace } of Object.values(lab.hosts)) {
    assert.throws(() => Deno.statSync(`/run/netns/${namespace}`), Deno.errors.NotFound);
  }
});

labTest("waitFor() shows what a program said when it ends without the awaited line", async () => {
  await using lab = await makeLab({ extra: [] });
  const program = lab.spawn("knocker", ["sh", "-c", "echo one; echo two >&2; exit 3"]);
  await assert.rejects(program.waitFor(/three/), /ended \(3\) without .three.:\n(one\ntwo|two\none)/);
});

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
  assert.notEqual(await lab.closes("knocker", server, 22, 5000), null);
}, { needs: C_PROGRAMS });
