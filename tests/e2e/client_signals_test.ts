/** Signals at the long-running modes of the client: --wait, --proxy, --hold, and the command that --then becomes. */
import assert from "node:assert/strict";
import { keyArgs, type Lab, labTest, makeLab, newKeys, OUR_CLIENT, type Program } from "../lab/mod.ts";
import { knockArgs, type Scene, setScene } from "./scene.ts";

function start(lab: Lab, scene: Scene, more: readonly string[]): Program {
  const args = ["--no-rc-file", "--no-save-args", ...knockArgs(lab, 22), ...keyArgs(scene.keys), ...more];
  return lab.spawn("knocker", [...OUR_CLIENT.argv, ...args]);
}

/** Whether anybody listens on the debugger's port of that host. */
async function debuggerIsOpen(lab: Lab): Promise<boolean> {
  return (await lab.must("knocker", ["ss", "-Htln", "sport = :9229"])).trim() !== "";
}

/** Sends SIGUSR1 for longer than the runtime takes to take it. */
async function provoke(program: Program): Promise<void> {
  for (let turn = 0; turn < 8; turn++) {
    program.signal("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

labTest("SIGUSR1 opens no debugger while the client waits, carries or holds", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const holding = start(lab, scene, ["--hold"]);
  await holding.waitFor(/holding/);
  const waiting = start(lab, { ...scene, keys: newKeys() }, ["--wait=20", "-v", "-A", "tcp/23"]);
  await waiting.waitFor(/bytes sent/);
  lab.listen("server", 22);
  const carrying = start(lab, scene, ["-v", "--proxy", scene.server, "22"]);
  await carrying.waitFor(/tcp\/22 of \S+ (opened|was open)/);
  for (const program of [holding, waiting, carrying]) {
    await provoke(program);
    assert.equal(await debuggerIsOpen(lab), false, program.output);
    const { code, signal } = await program.stop("SIGTERM");
    // Only --hold has something to say at the end.
    assert.deepEqual([code, signal], program === holding ? [0, null] : [143, "SIGTERM"], program.output);
  }
});

labTest("the command after --then is the same process, and has SIGUSR1 and SIGPIPE as they are", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  lab.listen("server", 22);
  const script = 'echo "pid $$ $GREETING"; grep SigIgn /proc/self/status; cat; exit 9';
  const words = [...OUR_CLIENT.argv, "--no-rc-file", "--no-save-args", ...knockArgs(lab, 22), ...keyArgs(scene.keys)];
  const command = ["sh", "-c", script, "--wait", "-l", "--", "-v"];
  const run = await lab.run("knocker", [
    "sh",
    "-c",
    'echo "pid $$ hello"; exec "$@"',
    "sh",
    ...words,
    "--then",
    ...command,
  ], { stdin: "what stdin says\n", env: { GREETING: "hello" } });
  const [before, after, ignored = "", ...rest] = run.stdout.split("\n");
  assert.equal(after, before);
  const mask = BigInt(`0x${ignored.replace(/^SigIgn:\s*/, "")}`);
  assert.equal(mask & (1n << 9n | 1n << 12n), 0n, "neither SIGUSR1 nor SIGPIPE is ignored");
  assert.deepEqual(rest, ["what stdin says", ""]);
  assert.equal(run.code, 9);
});

labTest("--hold goes on under nohup when the terminal hangs up, and ends with it otherwise", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const args = ["--no-rc-file", "--no-save-args", ...knockArgs(lab, 22), ...keyArgs(scene.keys), "--hold"];
  const kept = lab.spawn("knocker", ["nohup", ...OUR_CLIENT.argv, ...args]);
  await kept.waitFor(/holding/);
  kept.signal("SIGHUP");
  const plain = lab.spawn("knocker", [...OUR_CLIENT.argv, ...args]);
  await plain.waitFor(/holding/);
  assert.equal((await plain.stop("SIGHUP")).signal, "SIGHUP");
  assert.equal((await kept.stop("SIGTERM")).code, 0, kept.output);
});
