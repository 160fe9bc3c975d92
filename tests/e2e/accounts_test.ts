/** A name service that does not answer: the file of users is a pipe that nobody writes to. */
import assert from "node:assert/strict";
import { labTest, makeLab, newKeys, OUR_DAEMON } from "../lab/mod.ts";
import { setScene } from "./scene.ts";

const IN_A_PLACE_OF_ITS_OWN = {
  ...OUR_DAEMON,
  argv: [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    'echo "pid $$" >&2; exec "$@"',
    "sh",
    ...OUR_DAEMON.argv,
  ],
};

labTest("SIGHUP with a name service that hangs keeps the configuration, and delays no knock", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, {
    program: IN_A_PLACE_OF_ITS_OWN,
    stanza: { FW_ACCESS_TIMEOUT: 60 },
    more: [{ ...newKeys(), ENABLE_CMD_EXEC: "Y", CMD_EXEC_USER: "nobody" }],
  });
  const { program } = scene.daemon;
  const pid = /^pid (\d+)$/m.exec(program.output)?.[1];
  assert.ok(pid !== undefined, program.output);
  const inside = (...argv: readonly string[]) => lab.must("server", ["nsenter", "--mount", "--target", pid, ...argv]);
  const pipe = `${lab.dir}/passwd`;
  await inside("mkfifo", pipe);
  await inside("mount", "--bind", pipe, "/etc/passwd");
  program.signal("SIGHUP");
  await program.waitFor(/Got SIGHUP/);
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), program.output);
  await program.waitFor(/^Cannot look up "nobody" of access\.conf: the name service of this machine does not answer/);
  await program.waitFor(/The configuration stays as it was/);
  await inside("umount", "--lazy", "/etc/passwd");
  // Whoever reads it is at its end.
  await Deno.writeTextFile(pipe, "");
  const since = program.mark();
  program.signal("SIGHUP");
  await program.waitFor(/Re-starting fwknopd/, { since });
  assert.equal((await scene.daemon.stop()).code, 0);
});
