/** What becomes of what the client says where nobody can read it, and of what nobody foresaw. */
import assert from "node:assert/strict";
import { main } from "../../cli/main.ts";
import { realWorld } from "../../cli/ui/world.ts";
import { ALONE } from "./harness.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;
const TEST = [...ALONE, "-T", "-A", "tcp/22", "-a", "192.0.2.1", "--key-rijndael", "k"];

/** Runs the client from a shell that redirects its output. */
async function redirected(redirection: string, args = TEST) {
  const script = `${Deno.execPath()} run --no-prompt -A ${MAIN} ${args.join(" ")} ${redirection}`;
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-o", "pipefail", "-c", script] }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("an output that cannot be written is one sentence and exit 1", async () => {
  const run = await redirected(">/dev/full");
  assert.equal(run.err, "fwknop: error: Cannot write to standard output: No space left on device\n");
  assert.equal(run.code, 1);
});

Deno.test("a reader that goes away is no error", async () => {
  const run = await redirected("| head -1");
  assert.deepEqual([run.code, run.out, run.err], [0, "SPA Field Values:\n", ""]);
});

Deno.test("closed outputs are no error; an error that nobody can read is exit 1", async () => {
  assert.equal((await redirected(">&- 2>&-")).code, 0);
  assert.equal((await redirected("2>/dev/full", ["--bogus"])).code, 1);
});

/** A run in which a step fails in a way that nobody foresaw. */
async function failing(error: unknown) {
  const said: string[] = [];
  const world = { ...realWorld(), out: () => {}, err: (text: string) => said.push(text) };
  const code = await main(TEST, {
    ...world,
    randomBytes: () => {
      throw error;
    },
  });
  return { code, said };
}

Deno.test("what nobody foresaw is one sentence without a stack, and nothing that was read is quoted", async () => {
  const bug = await failing(new SyntaxError('unexpected token in "secret"'));
  assert.deepEqual(bug, {
    code: 1,
    said: ["fwknop: error: something unexpected happened (SyntaxError): please report it"],
  });
  const system = await failing(new Error("Too many open files (os error 24)"));
  assert.deepEqual(system, { code: 1, said: ["fwknop: error: Too many open files"] });
});

Deno.test("a file that the runtime keeps to itself is told in our words, and the packet is sent", async () => {
  const rights = ["--allow-ffi=/usr/lib,/usr/lib64", "--allow-read", "--allow-write", "--allow-env", "--allow-net"];
  const args = [...TEST.filter((word) => word !== "-T"), "-D", "127.0.0.1", "-B", "/dev/full"];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...rights, "--allow-sys=uid", MAIN, ...args],
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.match(
    said,
    /^fwknop: error: Could not save the packet to \/dev\/full: .*(?:files of the system|regular file)/,
  );
  assert.ok(!said.includes("--allow"), said);
  assert.equal(code, 0);
});
