import assert from "node:assert/strict";
import { createReach } from "../../../../daemon/firewall/firewalld/reach.ts";
import type { FirewalldConfig } from "../../../../daemon/firewall/firewalld/settings.ts";
import { fakeFirewalld } from "./fake_firewalld.ts";

const CONFIG: FirewalldConfig = { zones: [], output: false, snat: false, flushAtInit: true, flushAtExit: true };

/** A socket that is there, and a firewalld behind it. */
async function withSocket(
  body: (parts: { socket: string; firewalld: ReturnType<typeof fakeFirewalld> }) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  const listener = Deno.listen({ transport: "unix", path: `${dir}/bus` });
  try {
    await body({ socket: `${dir}/bus`, firewalld: fakeFirewalld(0) });
  } finally {
    listener.close();
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("blocker() says that there is no bus, asks nobody, and is ready for one where firewalld is installed", async () => {
  let prepared = 0;
  const parts = { socket: "/nowhere/bus", prepare: () => void prepared++, connect: () => assert.fail("connected") };
  const installed = createReach({ ...parts, program: "/bin/sh" });
  assert.equal(await installed.blocker(CONFIG), "firewalld cannot be reached (there is no /nowhere/bus)");
  assert.equal(prepared, 1);
  const reach = createReach({ ...parts, program: "/nowhere/firewalld", prepare: () => assert.fail("prepared") });
  assert.equal(await reach.blocker(CONFIG), "firewalld cannot be reached (there is no /nowhere/bus)");
  assert.match(await reach.blocker({ ...CONFIG, snat: true }) ?? "", /^firewalld has no rule .* rewrites sources/);
});

Deno.test("blocker() finds out once whether rules may be changed, for each process that is firewalld", async () => {
  await withSocket(async ({ socket, firewalld }) => {
    const parts = { program: "/nowhere/firewalld", prepare: () => assert.fail("prepared") };
    const reach = createReach({ ...parts, socket, connect: () => firewalld });
    const probes = () => firewalld.calls.filter((call) => call.startsWith("remove")).length;
    assert.equal(await reach.blocker(CONFIG), null);
    assert.equal(await reach.blocker(CONFIG), null);
    assert.equal(probes(), 1);
    firewalld.owner = () => Promise.resolve(":1.9");
    assert.equal(await reach.blocker(CONFIG), null);
    assert.equal(probes(), 2);
    firewalld.pid = 0;
    firewalld.owner = () => Promise.resolve(":1.10");
    assert.equal(await reach.blocker(CONFIG), null, "what cannot be looked at is taken for the same");
    firewalld.owner = () => Promise.resolve(null);
    assert.equal(await reach.blocker(CONFIG), "firewalld is not running");
    firewalld.owner = () => Promise.resolve(":1.11");
    firewalld.refuse = "denied";
    assert.equal(await reach.blocker(CONFIG), "firewalld cannot be used (denied; a hint)");
  });
});
