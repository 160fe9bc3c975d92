/** The files of the daemon in other people's hands: moved, cut, linked, shared, gone; and what a clean exit leaves. */
import assert from "node:assert/strict";
import { type Daemon, type Lab, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";
import { makeScene, type Scene, setScene } from "./scene.ts";

/** What others do to the replay file while the daemon runs. */
const INTERVENTIONS: Readonly<Record<string, (daemon: Daemon) => Promise<void>>> = {
  "moved away": ({ digestCache }) => Deno.rename(digestCache, `${digestCache}.moved`),
  "emptied": ({ digestCache }) => Deno.truncate(digestCache),
  "removed with its folder": ({ dir }) => Deno.remove(`${dir}/run`, { recursive: true }),
};

async function opensOnce(scene: Scene, packet: string): Promise<void> {
  scene.send(packet);
  assert.ok(await scene.lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  assert.ok(await scene.lab.closes("knocker", scene.server, 22));
}

/** Replays the packet to the daemon started anew. */
async function isKnownAfterRestart(lab: Lab, scene: Scene, packet: string): Promise<void> {
  await using daemon = await scene.daemon.again();
  const again = makeScene(lab, daemon, scene.keys);
  again.send(packet);
  await daemon.program.waitFor(/Replay detected from source IP/);
  assert.equal(await again.isOpen(22), false, daemon.program.output);
}

for (const [what, intervene] of Object.entries(INTERVENTIONS)) {
  labTest(
    `a packet is known after a restart when the replay file was ${what} meanwhile, also after kill -9`,
    async () => {
      await using lab = await makeLab();
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const scene = await setScene(lab, { folder: signal });
        const packet = await scene.seal(22);
        await opensOnce(scene, packet);
        const mark = scene.daemon.program.mark();
        await intervene(scene.daemon);
        // Nobody knocks: it is noticed all the same, at the exit or a moment later.
        if (signal === "SIGKILL") await scene.daemon.program.waitFor(/could still be repeated/, { since: mark });
        await scene.daemon.stop(signal);
        assert.match(scene.daemon.program.output, /changed by somebody else: \d+ entries that could still be repeated/);
        await isKnownAfterRestart(lab, scene, packet);
      }
    },
  );
}

labTest("a run directory that disappears is named once, knocks go on, and -S still finds the daemon", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const mark = scene.daemon.program.mark();
  await Deno.remove(`${scene.daemon.dir}/run`, { recursive: true });
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
  await scene.daemon.program.waitFor(/The PID file .* was taken away by somebody else: it is made again/, {
    since: mark,
  });
  assert.equal(scene.daemon.program.count(/The folder .*\/run was gone while fwknopd ran: it is made again/, mark), 1);
  const argv = scene.daemon.argv.filter((word) => word !== "-f");
  assert.match(await lab.must("server", [...argv, "-S"]), /Detected fwknopd is running \(pid=\d+\)/);
  assert.equal((await Deno.stat(`${scene.daemon.dir}/run`)).mode! & 0o777, 0o700);
});

labTest("where the run directory cannot be made again nothing opens, and the log says why once", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const mark = scene.daemon.program.mark();
  await Deno.rename(`${scene.daemon.dir}/run`, `${scene.daemon.dir}/elsewhere`);
  await Deno.writeTextFile(`${scene.daemon.dir}/run`, "");
  await scene.daemon.program.waitFor(/Cannot open the replay cache .*Not a directory/, { since: mark });
  await scene.knock(22);
  await scene.daemon.program.waitFor(/Nothing is opened for 1 packets/, { since: mark });
  assert.equal(await scene.isOpen(22), false);
  await Deno.remove(`${scene.daemon.dir}/run`);
  await scene.daemon.program.waitFor(/The PID file .* it is made again/, { since: mark });
  await scene.knock(23);
  assert.ok(await lab.opens("knocker", scene.server, 23), scene.daemon.program.output);
});

labTest(
  "a second daemon with the same replay file does not start; checking the file beside the first works",
  async () => {
    await using lab = await makeLab();
    const access = [{ ...newKeys() }];
    await using first = await startDaemon(lab, { access });
    const own = first.argv.filter((word) => word !== "-f");
    const second = await lab.run("server", [...own, "-f", "-p", `${first.dir}/second.pid`]);
    assert.equal(second.code, 1);
    const words =
      `Cannot use the replay file ${first.digestCache}: another fwknopd \\(PID=\\d+\\) keeps it.*\\n.*hint: .*DIGEST_FILE`;
    assert.match(second.stderr, new RegExp(words));
    const rotating = await lab.run("server", [...own, "-f", "-p", `${first.dir}/second.pid`, "--rotate-digest-cache"]);
    assert.equal(rotating.code, 1);
    assert.match(rotating.stderr, /another fwknopd/);
    await Deno.stat(first.digestCache);
    const checked = await lab.run("server", [...own, "--exit-parse-digest-cache"]);
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stderr, /entry count = 0[^]*Digest cache parsed, exiting/);
  },
);

labTest("--rotate-digest-cache keeps what could still be repeated", async () => {
  await using lab = await makeLab();
  const scene = await setScene(lab);
  const packet = await scene.seal(22);
  await opensOnce(scene, packet);
  await scene.daemon.stop();
  const rotated = lab.spawn("server", [...scene.daemon.argv, "--rotate-digest-cache"]);
  await rotated.waitFor(/main event loop/);
  scene.send(packet);
  await rotated.waitFor(/Replay detected from source IP/);
  await Deno.stat(`${scene.daemon.digestCache}-old`);
  await rotated.stop();
});

labTest(
  "the PID file is gone after a clean exit, and -K ends a daemon that was stopped and closes its doors",
  async () => {
    await using lab = await makeLab();
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 300 } });
    const pidFile = `${scene.daemon.dir}/run/fwknopd.pid`;
    await scene.knock(22);
    assert.ok(await lab.opens("knocker", scene.server, 22), scene.daemon.program.output);
    const pid = Number(await Deno.readTextFile(pidFile));
    Deno.kill(pid, "SIGSTOP");
    const argv = scene.daemon.argv.filter((word) => word !== "-f");
    assert.match(await lab.must("server", [...argv, "-K"]), /Killed fwknopd \(pid=\d+\) via SIGTERM/);
    assert.equal(await scene.isOpen(22), false);
    await assert.rejects(() => Deno.stat(pidFile), Deno.errors.NotFound);
    const asked = await lab.run("server", [...argv, "-S"]);
    assert.deepEqual([asked.code, asked.stdout], [1, "No running fwknopd detected.\n"]);
  },
);

labTest("as root no file is written through a run directory that others can write, or by a link in it", async () => {
  await using lab = await makeLab();
  const access = [{ ...newKeys() }];
  const first = await startDaemon(lab, { access });
  await first.stop();
  const run = `${first.dir}/run`;
  const victim = `${lab.dir}/victim`;
  await Deno.writeTextFile(victim, "precious\n");
  const refused = async (why: RegExp) => {
    for (const check of [[], ["--exit-parse-config"]]) {
      const { code, stderr } = await lab.run("server", [...first.argv, ...check]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, why);
      assert.match(stderr, /^fwknopd: hint: .{10}/m);
    }
    assert.equal(await Deno.readTextFile(victim), "precious\n");
  };
  for (const name of ["fwknopd.pid", "digest.cache"]) {
    await Deno.remove(`${run}/${name}`).catch(() => {});
    await Deno.symlink(victim, `${run}/${name}`);
    await refused(new RegExp(`${run}/${name}: it is a symbolic link`));
    await Deno.remove(`${run}/${name}`);
    await Deno.link(victim, `${run}/${name}`);
    await refused(new RegExp(`${run}/${name}: it has 2 names`));
    await Deno.remove(`${run}/${name}`);
  }
  await Deno.chmod(run, 0o777);
  await refused(new RegExp(`others may write in the folder ${run}`));
  await Deno.chmod(run, 0o755);
  await Deno.chown(run, 65534, 65534);
  await refused(new RegExp(`the folder ${run} belongs to uid 65534`));
  await Deno.chown(run, 0, 0);
  await Deno.symlink(run, `${lab.dir}/way`);
  await using again = await startDaemon(lab, { access, server: { FWKNOP_RUN_DIR: `${lab.dir}/way` } });
  assert.equal((await again.stop()).code, 0, "a link of root on the way is followed");
});

labTest("--key-gen-file writes keys for root alone, over nothing that somebody else put there", async () => {
  await using lab = await makeLab();
  const daemon = await startDaemon(lab, { access: [{ ...newKeys() }] });
  const [program, ...rest] = daemon.argv.slice(0, daemon.argv.indexOf("-f"));
  await daemon.stop();
  const generate = (path: string) => lab.run("server", [program!, ...rest, "--key-gen-file", path]);
  const victim = `${lab.dir}/victim`;
  await Deno.writeTextFile(victim, "precious\n");
  await Deno.symlink(victim, `${lab.dir}/link`);
  await Deno.writeTextFile(`${lab.dir}/theirs`, "");
  await Deno.chown(`${lab.dir}/theirs`, 65534, 65534);
  for (const name of ["link", "theirs"]) {
    const { code, stderr } = await generate(`${lab.dir}/${name}`);
    assert.equal(code, 1);
    assert.match(stderr, /Unable to create key gen file .*: .*(symbolic link|belongs to uid 65534)/);
  }
  assert.equal(await Deno.readTextFile(victim), "precious\n");
  assert.equal(await Deno.readTextFile(`${lab.dir}/theirs`), "");
  await Deno.writeTextFile(`${lab.dir}/loose`, "an older and longer text\n".repeat(20), { mode: 0o644 });
  for (const name of ["new", "loose"]) {
    assert.equal((await generate(`${lab.dir}/${name}`)).code, 0);
    assert.match(await Deno.readTextFile(`${lab.dir}/${name}`), /^KEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}\n$/);
    assert.equal((await Deno.stat(`${lab.dir}/${name}`)).mode! & 0o777, 0o600);
  }
});
