import assert from "node:assert/strict";

const CHILD = new URL("./descriptor_child.ts", import.meta.url).pathname;

/** Runs the child from a shell that arranges its descriptors; `$RUN` is the command. */
async function shell(script: string): Promise<string> {
  const run = `${Deno.execPath()} run --no-prompt -A ${CHILD}`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script], env: { RUN: run } }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("openInherited() reads two keys of two lines from a pipe, a file and a socket", async () => {
  assert.equal(await shell(`(printf 'one\\n'; sleep 0.05; printf 'two\\n') | $RUN lines 0`), '["one","two",null]');
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, "one\n\nlast without line end");
  assert.equal(await shell(`$RUN all 7 7<${file}`), '"one\\n\\nlast without line end"');
  Deno.writeTextFileSync(file, "one\n\nlast");
  assert.equal(await shell(`$RUN lines 8 8<${file}`), '["one","","last"]');
  Deno.removeSync(file);
  const socket = `import os,socket,subprocess,sys
a,b=socket.socketpair(); a.sendall(b"k1\\nk2"); a.close(); os.dup2(b.fileno(),9); os.set_inheritable(9,True)
subprocess.run(os.environ["RUN"].split()+["lines","9"],close_fds=False)`;
  assert.equal(await shell(`python3 -c '${socket.replaceAll("'", '"')}'`), '["k1","k2",null]');
});

Deno.test("openInherited() refuses what is not the caller's, whatever its number", async () => {
  for (let fd = 3; fd < 24; fd++) {
    if (fd > 8 && fd % 3 !== 0) continue;
    const said = await shell(`$RUN lines ${fd} </dev/null 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-`);
    assert.equal(said, `Cannot read from descriptor ${fd}: Bad file descriptor`);
  }
});

Deno.test("openInherited() refuses a line or an amount that is too long", async () => {
  assert.equal(await shell(`printf '%0100d' 1 | $RUN lines 0`), "Cannot read from descriptor 0: more than 20 bytes");
  assert.equal(await shell(`printf '%0101d' 1 | $RUN all 0`), "Cannot read from descriptor 0: more than 100 bytes");
});
