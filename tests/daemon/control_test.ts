/** The modes that speak to the packet filter; those that speak to a daemon are in service/pid_file_test.ts. */
import assert from "node:assert/strict";
import { flushRules, listRules } from "../../daemon/control.ts";
import { recordingFirewall } from "../../daemon/firewall/recording.ts";
import { address } from "../contract/addresses.ts";

/** A packet filter in which one service is open, and what is said. */
async function scene() {
  const firewall = recordingFirewall({ now: () => 0 });
  await firewall.prepare();
  const source = address("192.0.2.7");
  const door = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } } as const;
  await firewall.grant([{ door, expiresAt: 60 }], [], 0);
  const folder = await Deno.makeTempDir();
  const said: string[] = [];
  const world = {
    kill: () => assert.fail("no signal is sent"),
    print: (line: string) => void said.push(`out: ${line}`),
    complain: (line: string) => void said.push(`err: ${line}`),
    pause: () => assert.fail("nothing is waited for"),
  };
  return {
    ...{ firewall, door, said, world },
    pidPath: `${folder}/fwknopd.pid`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("--fw-list prints what the packet filter describes, --fw-list-all all of it", async () => {
  await using here = await scene();
  for (const all of [false, true]) {
    const asked: boolean[] = [];
    const firewall = { ...here.firewall, describe: (all: boolean) => Promise.resolve((asked.push(all), "a\nb\n\n")) };
    assert.equal(await listRules(firewall, all, here.world), 0);
    assert.deepEqual(asked, [all]);
  }
  assert.deepEqual(here.said, ["out: a\nb", "out: a\nb"]);
});

Deno.test("--fw-flush takes everything of ours away", async () => {
  await using here = await scene();
  assert.equal(await flushRules(here.firewall, here.pidPath, here.world), 0);
  assert.equal(here.firewall.admits(here.door), false);
  assert.deepEqual(here.said, ["out: Deleting any existing firewall rules..."]);
});

Deno.test("--fw-flush says that a daemon which runs puts it back", async () => {
  await using here = await scene();
  // Another process: a lock of our own does not keep us out.
  const code = `import { claimPidFile } from ${
    JSON.stringify(new URL("../../daemon/service/pid_file.ts", import.meta.url).href)
  };
    claimPidFile(${JSON.stringify(here.pidPath)}, Deno.pid);
    console.log("claimed");
    setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal(await flushRules(here.firewall, here.pidPath, here.world), 1);
    assert.equal(here.firewall.admits(here.door), false);
    assert.deepEqual(here.said, [
      "out: Deleting any existing firewall rules...",
      `err: fwknopd: error: fwknopd (pid ${child.pid}) is running and puts back the doors that are open`,
      "err: fwknopd: hint: stop it first: fwknopd -K",
    ]);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});
