import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { type Child, type ChildEnd, startChild } from "../../../ffi/libc/child.ts";
import { pollFds, POLLIN } from "../../../ffi/libc/fd.ts";

const env = { PATH: "/usr/bin:/bin" };

function shell(script: string): Child {
  return startChild({ path: "/bin/sh", args: ["-c", script], env });
}

async function readable(fd: number): Promise<void> {
  await pollFds([{ fd, events: POLLIN }], -1);
}

/** All that it prints. */
async function output(child: Child): Promise<string> {
  const bytes = new Uint8Array(100);
  let text = "";
  for (;;) {
    await readable(child.outputFd);
    const count = child.readOutput(bytes) ?? 0;
    if (count === 0) return text;
    text += new TextDecoder().decode(bytes.subarray(0, count));
  }
}

async function end(child: Child): Promise<ChildEnd | null> {
  await readable(child.endFd);
  return child.reap();
}

Deno.test("startChild() gives one pipe for both outputs, nothing to read, and hears of the end", async () => {
  using child = shell("cat; echo out; echo err >&2; exit 7");
  assert.equal(await output(child), "out\nerr\n");
  assert.deepEqual(await end(child), { status: 7 });
});

Deno.test("a child has nothing printed and has not ended as long as it runs, and nobody waits for it", async () => {
  using child = shell("echo ready; exec sleep 1000");
  await readable(child.outputFd);
  const bytes = new Uint8Array(100);
  assert.equal(child.readOutput(bytes), 6);
  assert.equal(child.readOutput(bytes), null);
  assert.equal(child.reap(), null);
  child.signalGroup("kill");
  assert.deepEqual(await end(child), { signal: 9 });
});

Deno.test("signalGroup() reaches all that a child started, and nobody once it was reaped", async () => {
  using child = shell("(trap '' TERM; echo one; exec sleep 1000) & sleep 1000 & echo two; wait");
  const bytes = new Uint8Array(100);
  for (let heard = ""; !/one/.test(heard) || !/two/.test(heard);) {
    await readable(child.outputFd);
    heard += new TextDecoder().decode(bytes.subarray(0, child.readOutput(bytes) ?? 0));
  }
  child.signalGroup("terminate");
  await readable(child.endFd);
  child.signalGroup("kill");
  assert.deepEqual(child.reap(), { signal: 15 });
  // Both ends of the pipe are gone with the last of them.
  assert.equal(await output(child), "");
  child.signalGroup("kill");
});

Deno.test("startChild() leads a group of its own, in the folder that it is given, with no other descriptor", async () => {
  const args = ["-c", 'pwd; ls /proc/self/fd; [ "$(ps -o pgid= $$ | tr -d " ")" = $$ ] && echo leads; env'];
  using child = startChild({ path: "/bin/sh", args, env, folder: "/usr" });
  const [folder, ...lines] = (await output(child)).trim().split("\n");
  assert.equal(folder, "/usr");
  // 3 is the folder that ls reads.
  assert.deepEqual(lines.slice(0, 5), ["0", "1", "2", "3", "leads"]);
  assert.deepEqual(lines.slice(5).filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)), ["PATH=/usr/bin:/bin"]);
  await end(child);
});

Deno.test("startChild() says why a program does not start, and keeps no descriptor", () => {
  const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = count();
  assert.throws(
    () => startChild({ path: "/no/such/program", args: [], env }),
    (error) =>
      error instanceof FfiError && error.message === 'Cannot start "/no/such/program": No such file or directory',
  );
  assert.equal(count(), before);
});
