import assert from "node:assert/strict";
import { type ControlWorld, sendRestart, showStatus, stopDaemon } from "../../../daemon/control.ts";
import { claimPidFile, findDaemon, holdPidFile, runningDaemon } from "../../../daemon/service/pid_file.ts";
import { labTest } from "../../lab/mod.ts";

const MODULE = new URL("../../../daemon/service/pid_file.ts", import.meta.url).href;
const CONTROL_MODULE = new URL("../../../daemon/control.ts", import.meta.url).href;
const LOCK_MODULE = new URL("../../../ffi/libc/file_lock.ts", import.meta.url).href;

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

/** A program that locks the file as it likes, says so, and waits. */
async function lockedBy(argv: readonly [string, ...string[]]) {
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

const PYTHON_LOCK = `import fcntl,os,sys
fd=os.open(sys.argv[1],os.O_RDWR)
fcntl.lockf(fd,fcntl.LOCK_EX|fcntl.LOCK_NB)
print("locked",flush=True)
sys.stdin.read()`;

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
      assert.deepEqual(sent, [[daemon.pid, "hangup"], [daemon.pid, "terminate"], [daemon.pid, "continue"]]);
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
      assert.deepEqual(sent.map(([signal]) => signal), ["terminate", "continue", "kill"]);
      assert.ok(sent[2]![1] >= 20_000);
    } finally {
      await daemon.stop().catch(() => {});
    }
  });
});

Deno.test("a PID file is there while the daemon runs, and gone after a clean exit", async () => {
  await inFolder(async (path) => {
    const held = holdPidFile(path, Deno.pid);
    assert.ok("retire" in held);
    assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
    held.retire();
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    const next = await otherDaemon(path);
    assert.equal(next.said, "claimed");
    await next.stop();
  });
});

Deno.test("retire() leaves a file alone that somebody else put in the place of ours", async () => {
  await inFolder((path) => {
    const held = holdPidFile(path, Deno.pid);
    assert.ok("retire" in held);
    Deno.renameSync(path, `${path}.ours`);
    Deno.writeTextFileSync(path, "theirs\n", { mode: 0o600 });
    held.retire();
    assert.equal(Deno.readTextFileSync(path), "theirs\n");
    return Promise.resolve();
  });
});

Deno.test("claimPidFile() takes no lock of a file that a daemon removed between the two steps", async () => {
  await inFolder(async (path) => {
    // The other one ends at the moment when ours has opened the file and not yet locked it.
    const race = `import { openLockFile } from ${JSON.stringify(LOCK_MODULE)};
      import { claimPidFile } from ${JSON.stringify(MODULE)};
      const old = openLockFile(${JSON.stringify(path)}, { create: true });
      old.remove();
      const isInPlace = old.isInPlace();
      const claim = claimPidFile(${JSON.stringify(path)}, Deno.pid);
      console.log(isInPlace, "lock" in claim && claim.lock.isInPlace(), Deno.readTextFileSync(${
      JSON.stringify(path)
    }));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", race] }).output();
    assert.match(new TextDecoder().decode(stdout), /^false true \d+\n/);
  });
});

Deno.test("a PID file that was taken away is made again, also with its folder, unless another daemon came", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/run/fwknopd.pid`;
  try {
    Deno.mkdirSync(`${folder}/run`);
    const held = holdPidFile(path, Deno.pid);
    assert.ok("mend" in held);
    const lines: string[] = [];
    const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
    held.mend(log);
    assert.deepEqual(lines, []);
    for (const take of [() => Deno.removeSync(path), () => Deno.removeSync(`${folder}/run`, { recursive: true })]) {
      take();
      held.mend(log);
      assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
      // Looking from here closed the file, which gives the lock back; a mended file is locked anew.
      Deno.removeSync(path);
      held.mend(log);
      const other = await otherDaemon(path);
      await other.stop();
      assert.equal(other.said, `running ${Deno.pid}`);
    }
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^warning: The PID file .* was taken away by somebody else: it is made again$/);
    Deno.removeSync(path);
    const second = await otherDaemon(path);
    assert.equal(second.said, "claimed");
    assert.throws(
      () => held.mend(log),
      new RegExp(`Cannot make the PID file .* again: another fwknopd \\(PID=${second.pid}\\)`),
    );
    await second.stop();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("-S, -R and -K say what to do when the run directory is gone", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/gone/fwknopd.pid`;
  const none = world(neverKill);
  assert.equal(showStatus(path, none), 1);
  assert.equal(sendRestart(path, none), 1);
  assert.equal(await stopDaemon(path, none), 1);
  assert.deepEqual(none.out, ["No running fwknopd detected.", "No running fwknopd detected."]);
  assert.equal(none.err.filter((line) => /hint: .*\/gone does not exist; .*pgrep -a fwknopd/.test(line)).length, 3);
  Deno.removeSync(folder);
});

Deno.test("-K and -R signal nobody by a link, or a file with a second name, in the place of the PID file", async () => {
  await inFolder(async (path) => {
    const other = `${path}.other`;
    Deno.writeTextFileSync(other, "1\n", { mode: 0o600 });
    await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, other]);
    for (const put of [() => Deno.symlinkSync(other, path), () => Deno.linkSync(other, path)]) {
      put();
      assert.throws(() => showStatus(path, world(neverKill)), /symbolic link|2 names/);
      assert.throws(() => sendRestart(path, world(neverKill)), /symbolic link|2 names/);
      await assert.rejects(() => stopDaemon(path, world(neverKill)), /symbolic link|2 names/);
      Deno.removeSync(path);
    }
  });
});

labTest("-K and -R signal nobody whose user is not the one that the PID file belongs to", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/run/fwknopd.pid`;
  try {
    Deno.chmodSync(folder, 0o755);
    Deno.mkdirSync(`${folder}/run`, { mode: 0o755 });
    Deno.writeTextFileSync(path, "1\n", { mode: 0o600 });
    Deno.chownSync(path, 65534, 65534);
    Deno.chownSync(`${folder}/run`, 65534, 65534);
    {
      // A program of root, which nobody's file got to lock it.
      await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, path]);
      const seen = world(neverKill);
      assert.equal(sendRestart(path, seen), 1);
      assert.equal(await stopDaemon(path, seen), 1);
      assert.match(seen.err[0] ?? "", /is held by a process .* of another user or PID namespace/);
    }
    // With a PATH on which an ordinary user finds Python.
    const user = ["env", "PATH=/usr/bin:/bin", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
    await using daemon = await lockedBy([...user, "python3", "-c", PYTHON_LOCK, path]);
    assert.deepEqual(findDaemon(path), { pid: daemon.pid, reachable: true }, "root may speak to a daemon of its user");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}, { needs: { setpriv: "util-linux" } });

labTest("-K and -R signal nobody by a number of another PID namespace", async () => {
  await inFolder(async (path) => {
    Deno.writeTextFileSync(path, `${Deno.pid}\n`, { mode: 0o600 });
    await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, path]);
    const code = `import { sendRestart, showStatus, stopDaemon } from ${JSON.stringify(CONTROL_MODULE)};
      const world = { kill: () => { throw new Error("a signal"); }, print: console.log, complain: console.log, pause: () => {} };
      const path = ${JSON.stringify(path)};
      console.log(showStatus(path, world), sendRestart(path, world), await stopDaemon(path, world));`;
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: ["--pid", "--fork", Deno.execPath(), "eval", code],
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.match(said, new RegExp(`Detected fwknopd is running \\(pid=${Deno.pid}\\)`));
    assert.match(said, /another user or PID namespace/);
    assert.match(said, /^0 1 1$/m);
  });
});

labTest("-K also ends a daemon that was stopped, by SIGTERM", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    Deno.kill(daemon.pid, "SIGSTOP");
    const seen = world((pid, signal) => {
      if (signal === "kill") return assert.fail("it would leave its doors open");
      Deno.kill(pid, signal === "terminate" ? "SIGTERM" : "SIGCONT");
      return true;
    });
    assert.equal(await stopDaemon(path, seen), 0);
    assert.deepEqual(seen.out, [`Killed fwknopd (pid=${daemon.pid}) via SIGTERM`]);
    await daemon.stop().catch(() => {});
  });
});
