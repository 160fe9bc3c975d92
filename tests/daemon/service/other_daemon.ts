/** What tests of PID files need: another process that holds one, and a world that notes what is said and sent. */
import assert from "node:assert/strict";
import type { ControlWorld } from "../../../daemon/control.ts";

const MODULE = new URL("../../../daemon/service/pid_file.ts", import.meta.url).href;

/** Another process that claims the file, says what came of it, and stays until it is killed. */
export async function otherDaemon(path: string) {
  const code = `import { claimPidFile } from ${JSON.stringify(MODULE)};
    const claim = claimPidFile(${JSON.stringify(path)}, Deno.pid);
    console.log("lock" in claim ? "claimed" : "running " + claim.runningPid);
    setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return {
    pid: child.pid,
    said: new TextDecoder().decode(value).trim(),
    async stop() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** A world in which `kill` is what happens to signals; everything that is said is kept. */
export function world(kill: ControlWorld["kill"]) {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    kill,
    print: (line: string) => void out.push(line),
    complain: (line: string) => void err.push(line),
    pause: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
  };
}

/** Runs a test with the path of a PID file in a folder of its own. */
export async function inFolder(test: (path: string) => Promise<void>) {
  const folder = Deno.makeTempDirSync();
  try {
    await test(`${folder}/fwknopd.pid`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A program that locks the file as it likes, says so, and waits. */
export async function lockedBy(argv: readonly [string, ...string[]]) {
  const [command, ...args] = argv;
  const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value).trim(), "locked");
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
      await reader.cancel();
    },
  };
}

/** A program that takes the lock of the file in its argument, as the C daemon does. */
export const PYTHON_LOCK = `import fcntl,os,sys
fd=os.open(sys.argv[1],os.O_RDWR)
fcntl.lockf(fd,fcntl.LOCK_EX|fcntl.LOCK_NB)
print("locked",flush=True)
sys.stdin.read()`;

/** For a world in which no signal may be sent. */
export const neverKill = () => assert.fail("nobody may be killed");
