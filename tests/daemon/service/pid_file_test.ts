import assert from "node:assert/strict";
import { type ControlWorld, sendRestart, showStatus, stopDaemon } from "../../../daemon/control.ts";
import { claimPidFile, runningDaemon } from "../../../daemon/service/pid_file.ts";

const MODULE = new URL("../../../daemon/service/pid_file.ts", import.meta.url).href;

/** Another process that claims the file, says what came of it, and stays until it is killed. */
async function otherDaemon(path: string) {
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

function world(kill: ControlWorld["kill"]) {
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

async function inFolder(test: (path: string) => Promise<void>) {
  const folder = Deno.makeTempDirSync();
  try {
    await test(`${folder}/fwknopd.pid`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const neverKill = () => assert.fail("nobody may be killed");

Deno.test("claimPidFile() writes the PID as the C daemon does and lets no second one in", async () => {
  await inFolder(async (path) => {
    Deno.writeTextFileSync(path, "an older and longer text\n");
    const claim = claimPidFile(path, Deno.pid);
    assert.ok("lock" in claim);
    assert.equal(claim.lock.read(64), `${Deno.pid}\n`);
    const other = await otherDaemon(path);
    await other.stop();
    assert.equal(other.said, `running ${Deno.pid}`);
    claim.lock[Symbol.dispose]();
  });
});

Deno.test("-S, -R and -K believe the lock, not the number in the file", async () => {
  await inFolder(async (path) => {
    const none = world(neverKill);
    assert.equal(runningDaemon(path), null, "no file");
    Deno.writeTextFileSync(path, `${Deno.pid}\n`);
    assert.equal(showStatus(path, none), 1);
    assert.equal(sendRestart(path, none), 1);
    assert.equal(await stopDaemon(path, none), 1);
    assert.deepEqual(none.out, ["No running fwknopd detected.", "No running fwknopd detected."]);
    assert.deepEqual(none.err, ["No running fwknopd detected."]);
    assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`, "asking changes nothing");
  });
});

Deno.test("-S, -R and -K find the daemon that runs and speak to it alone", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    try {
      assert.equal(daemon.said, "claimed");
      const sent: [number, string][] = [];
      const seen = world((pid, signal) => {
        sent.push([pid, signal]);
        if (signal === "terminate") Deno.kill(pid, "SIGTERM");
        return true;
      });
      assert.equal(showStatus(path, seen), 0);
      assert.equal(sendRestart(path, seen), 0);
      assert.equal(await stopDaemon(path, seen), 0);
      assert.deepEqual(sent, [[daemon.pid, "hangup"], [daemon.pid, "terminate"]]);
      assert.deepEqual(seen.out, [
        `Detected fwknopd is running (pid=${daemon.pid}).`,
        `Sent restart signal to fwknopd (pid=${daemon.pid})`,
        `Killed fwknopd (pid=${daemon.pid}) via SIGTERM`,
      ]);
    } finally {
      await daemon.stop().catch(() => {});
    }
  });
});

Deno.test("-K gives a daemon that waits for a slow packet filter the time to close its doors", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    try {
      const sent: [string, number][] = [];
      let waited = 0;
      const slow: ControlWorld = {
        ...world((_pid, signal) => {
          sent.push([signal, waited]);
          if (signal === "kill") Deno.kill(daemon.pid, "SIGKILL");
          return true;
        }),
        pause: async (ms) => {
          waited += ms;
          if (sent.some(([signal]) => signal === "kill")) await new Promise((done) => setTimeout(done, 5));
        },
      };
      assert.equal(await stopDaemon(path, slow), 0);
      assert.deepEqual(sent.map(([signal]) => signal), ["terminate", "kill"]);
      assert.ok(sent[1]![1] >= 20_000);
    } finally {
      await daemon.stop().catch(() => {});
    }
  });
});
