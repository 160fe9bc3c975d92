import assert from "node:assert/strict";

const CHILD = new URL("./standard_streams_child.ts", import.meta.url).pathname;

/** Takes the name given and starts the child with one end of a socketpair or a pipe as its standard output. */
const PARENT = `import socket,subprocess,sys,os
name,kind,*child=sys.argv[1:]
open("/proc/self/comm","w").write(name)
if kind=="socket":
  ours,theirs=socket.socketpair(); out=theirs.fileno()
else:
  ours,out=os.pipe()
print(subprocess.run(child,stdin=subprocess.DEVNULL,stdout=out,stderr=subprocess.PIPE).stderr.decode(),end="")`;

async function answer(name: string, kind: "socket" | "pipe"): Promise<string> {
  const args = ["-c", PARENT, name, kind, Deno.execPath(), "run", "--no-prompt", "--allow-ffi", CHILD];
  const { stdout, stderr } = await new Deno.Command("python3", { args, env: { NO_COLOR: "1" } }).output();
  return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
}

Deno.test("parentWantsDescriptor(): an ssh that gave a socket as standard output, and nobody else", async () => {
  assert.equal(await answer("ssh", "socket"), "true\n");
  assert.equal(await answer("ssh", "pipe"), "false\n");
  assert.equal(await answer("socat", "socket"), "false\n");
});
