import assert from "node:assert/strict";
import { startConversation } from "../../../ffi/libc/conversation.ts";

const LONG_MS = 20_000;

/** Talks with a line of the shell. */
function talk(script: string) {
  return startConversation({ path: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" } });
}

/** Whether a process is there that runs or can run again. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test("a conversation goes on for many lines, and what was not waited for is passed over", async () => {
  using cat = talk("exec cat");
  for (const name of ["one", "two", "three"]) {
    assert.ok(cat.tell(`before ${name}\n${name}\n`));
    assert.equal(await cat.hear(name, LONG_MS), "line");
  }
  assert.equal(await cat.hear("before three", 0), "silence", "it was said before what was heard last");
  assert.ok(!cat.isOver());
});

Deno.test("a line is heard as a whole only", async () => {
  using shell = talk("printf '# 12\\n# 1'; read line; printf '\\n'; exec cat");
  assert.equal(await shell.hear("# 12", LONG_MS), "line");
  assert.equal(await shell.hear("# 1", 0), "silence");
  shell.tell("\n");
  assert.equal(await shell.hear("# 1", LONG_MS), "line");
});

Deno.test("the end of a program is heard, and what it complained about", async () => {
  using shell = talk('read line; echo said; echo "no $line" >&2; exit 3');
  assert.ok(shell.tell("way\n"));
  assert.equal(await shell.hear("unsaid", LONG_MS), "end");
  assert.equal(shell.takeErrors(), "no way\n");
  assert.equal(shell.takeErrors(), "");
  assert.ok(shell.isOver());
});

Deno.test("a program that has closed its input takes nothing, and that is no error", async () => {
  using shell = talk("exec <&-; echo closed; exec sleep 1000");
  assert.equal(await shell.hear("closed", LONG_MS), "line");
  assert.equal(shell.tell("anything\n"), false);
});

Deno.test("a program that does not read takes as much as a pipe holds", () => {
  using sleep = talk("exec sleep 1000");
  assert.equal(sleep.tell("x".repeat(32_768)), true);
  assert.equal(sleep.tell("x".repeat(1_000_000)), false);
});

Deno.test("a program that is stopped is silent, and is ended all the same", async () => {
  const cat = talk("exec cat");
  cat.tell("here\n");
  assert.equal(await cat.hear("here", LONG_MS), "line");
  Deno.kill(cat.pid, "SIGSTOP");
  assert.ok(cat.tell("asked\n"));
  assert.equal(await cat.hear("asked", 20), "silence");
  assert.equal(await cat.end(LONG_MS), true);
  assert.ok(!isAlive(cat.pid));
  assert.equal(await cat.hear("asked", LONG_MS), "end");
  assert.equal(cat.tell("more\n"), false);
});

Deno.test("what a program says without being asked is not kept without end", async () => {
  using yes = talk("yes | head -c 10000000; yes no | head -c 10000000 >&2; echo; echo done; exec cat");
  assert.equal(await yes.hear("done", LONG_MS), "line");
  assert.equal(yes.takeErrors().length, 4096);
});

Deno.test("disposal ends the program, and can be repeated", async () => {
  const cat = talk("exec cat");
  cat.tell("here\n");
  assert.equal(await cat.hear("here", LONG_MS), "line");
  cat[Symbol.dispose]();
  cat[Symbol.dispose]();
  assert.equal(cat.isOver(), true);
  assert.equal(await cat.end(LONG_MS), true);
});

Deno.test("of those that were ended none stays in the list of processes for long", async () => {
  const first = talk("exec cat");
  first[Symbol.dispose]();
  await talk("exec cat").end(LONG_MS);
  const isListed = () => new Deno.Command("/bin/sh", { args: ["-c", `kill -0 ${first.pid}`] }).outputSync().success;
  for (let left = 1000; left > 0 && isListed(); left--) await talk("exec cat").end(LONG_MS);
  assert.ok(!isListed());
});

Deno.test("the program sees the end of its input when this process ends, however that ends", async () => {
  const script = `
    import { startConversation } from ${JSON.stringify(import.meta.resolve("../../../ffi/libc/conversation.ts"))};
    const cat = startConversation({ path: "/bin/cat", args: [], env: {} });
    console.log(cat.pid);
    Deno.kill(Deno.pid, "SIGKILL");
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-check", script] }).output();
  const pid = Number(new TextDecoder().decode(stdout));
  assert.ok(pid > 0);
  const watch = new Deno.Command("/usr/bin/tail", { args: ["--pid", String(pid), "-s", "0.05", "-f", "/dev/null"] });
  assert.ok((await watch.output()).success);
});
