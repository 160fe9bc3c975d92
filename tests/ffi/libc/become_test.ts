import assert from "node:assert/strict";

const CHILD = new URL("./become_child.ts", import.meta.url).pathname;

function become(...command: string[]) {
  const args = ["run", "--no-prompt", "--allow-ffi", CHILD, ...command];
  // A folder of PATH that this user may not search would be another error than a program that is not there.
  const env = { PATH: "/usr/bin:/bin" };
  return new Deno.Command(Deno.execPath(), { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" });
}

Deno.test("becomeCommand() is that command: same process id, its arguments, its exit code", async () => {
  const child = become("sh", "-c", 'echo "$$ $1"; exit 7', "sh", "a b").spawn();
  await child.stdin.close();
  const { stdout, code } = await child.output();
  assert.equal(new TextDecoder().decode(stdout), `${child.pid} a b\n`);
  assert.equal(code, 7);
});

Deno.test("becomeCommand() gives SIGPIPE back, blocks no signal, and leaves no descriptor of the runtime open", async () => {
  const shell = `grep -E 'SigIgn|SigBlk' /proc/self/status; ls /proc/self/fd`;
  // The runtime's own way to start a program resets all of this; what the test itself inherited is in both.
  const usual = await new Deno.Command("sh", { args: ["-c", shell], stdin: "null" }).output();
  const child = become("sh", "-c", shell).spawn();
  await child.stdin.close();
  const { stdout } = await child.output();
  // Signals 32 and 33 belong to the C library.
  const shown = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).replace(/[0-9a-f]{16}/g, (mask) => String(BigInt(`0x${mask}`) & 0x7fffffffn));
  assert.equal(shown(stdout), shown(usual.stdout));
});

Deno.test("becomeCommand() throws when there is no such program, and ours goes on", async () => {
  const child = become("no-such-program-here").spawn();
  await child.stdin.close();
  const { stdout } = await child.output();
  assert.equal(
    new TextDecoder().decode(stdout),
    'Cannot run "no-such-program-here": No such file or directory true\n',
  );
});
