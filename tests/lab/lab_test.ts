import assert from "node:assert/strict";
import { temporaryFolder } from "../cli/harness.ts";
import { labTest, makeLab } from "./mod.ts";
import { Program } from "./program.ts";
import { NAMESPACES, newPrefix, removeStale } from "./stale.ts";

const LAB_CHILD = new URL("./lab_child.ts", import.meta.url).pathname;

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

labTest("a process that outlives its lab is killed, and is an error that names it", async () => {
  const lab = await makeLab();
  // Somebody starts it and ends.
  const pid = Number(await lab.must("server", ["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"]));
  await assert.rejects(
    async () => await lab[Symbol.asyncDispose](),
    /^Error: processes outlived their lab, and were killed:\nsleep 1000$/,
  );
  while (isThere(pid)) await new Promise((done) => setTimeout(done, 10));
});

/** Whether it runs; what is dead and was not fetched yet does not. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

labTest("removeStale() leaves what another run still uses, and removes what a killed one left", async () => {
  using folder = temporaryFolder();
  // Processes of its own: it sees none of ours, and we see none of its.
  const apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "unchanged"];
  const child = new Program([...apart, Deno.execPath(), "run", "--cached-only", "-A", LAB_CHILD, folder.path]);
  const prefix = (await child.waitFor(/^lab /)).slice("lab ".length);
  const left = () =>
    [NAMESPACES, folder.path].map((place) => [...Deno.readDirSync(place)].filter(({ name }) => name.startsWith(prefix)))
      .map((found) => found.length);
  assert.deepEqual(left(), [3, 1]);
  // Nobody else's labs, which may be about to take their locks.
  const later = (began: number) => prefix.startsWith(newPrefix(began).slice(0, -8));
  await removeStale(folder.path, later);
  assert.deepEqual(left(), [3, 1], "it lives");
  await child.stop("SIGKILL");
  await removeStale(folder.path);
  assert.deepEqual(left(), [3, 1], "it might be about to take its locks");
  await removeStale(folder.path, later);
  assert.deepEqual(left(), [0, 0]);
});

labTest("waitFor() shows what a program said when it ends without the awaited line", async () => {
  await using lab = await makeLab({ extra: [] });
  const program = lab.spawn("knocker", ["sh", "-c", "echo one; echo two >&2; exit 3"]);
  await assert.rejects(program.waitFor(/three/), /ended \(3\) without .three.:\n(one\ntwo|two\none)/);
});
