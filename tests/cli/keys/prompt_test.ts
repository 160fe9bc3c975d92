import assert from "node:assert/strict";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import { runOnTerminal, type Step } from "../../ffi/libc/pseudo_terminal.ts";
import { ALONE, temporaryFolder } from "../harness.ts";
import { rijndael } from "../../fakes/secrets.ts";

const CHILD = new URL("./prompt_child.ts", import.meta.url).pathname;
const MAIN = new URL("../../../cli/main.ts", import.meta.url).pathname;

/** A test run that saves its packet, with keys typed on a terminal. */
async function typed(
  steps: readonly Step[],
  options: { args?: readonly string[]; erase?: string; kill?: string } = {},
) {
  using folder = temporaryFolder();
  const packet = `${folder.path}/packet`;
  const args = [...ALONE, "-T", "-A", "tcp/22", "-s", "-D", "h", "-B", packet, ...options.args ?? []];
  const run = await runOnTerminal(CHILD, {
    args,
    steps,
    ...(options.erase === undefined ? {} : { erase: options.erase }),
    ...(options.kill === undefined ? {} : { kill: options.kill }),
  });
  return { ...run, packet: readOrNull(packet) };
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return null;
  }
}

/** Whether the packet opens with these keys. */
async function opens(packet: string | null, key: string, hmac: string | null = null): Promise<boolean> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const secrets = rijndael(bytes(key), { hmac: hmac === null ? null : { name: "sha256", key: bytes(hmac) } });
  return (await open(webEngine, packet ?? "", secrets)).ok;
}

Deno.test("the key is asked for without echo and without confirmation", async () => {
  const run = await typed([{ expect: "Enter encryption key: ", send: "secret\r" }]);
  assert.ok(!run.shown.includes("secret"));
  assert.match(run.shown, /code 0/);
  assert.equal(run.restored, true);
  assert.equal(await opens(run.packet, "secret"), true);
});

Deno.test("two keys are asked for; DEL, backspace, the terminal's own erase and Ctrl-U edit", async () => {
  const steps = [
    { expect: "Enter encryption key: ", send: "kex\x7fy\x08y\r" },
    { expect: "Enter HMAC key: ", send: "wrong\x15hmax#c\r" },
  ];
  const run = await typed(steps, { args: ["--use-hmac"], erase: "#" });
  assert.equal(await opens(run.packet, "key", "hmac"), true);
});

Deno.test("Ctrl-C sends nothing, restores the terminal and ends with 130", async () => {
  const run = await typed([{ expect: "Enter encryption key: ", send: "sec\x03" }]);
  assert.match(run.shown, /interrupted, no SPA packet sent/);
  assert.match(run.shown, /code 130/);
  assert.deepEqual([run.restored, run.code, run.packet], [true, 130, null]);
});

for (const [signal, status] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", 130], ["SIGQUIT", 131]] as const) {
  Deno.test(`${signal} at the prompt sends nothing and restores the terminal`, async () => {
    const run = await typed([{ expect: "Enter encryption key: ", send: "", signal }]);
    assert.match(run.shown, new RegExp(`ended by ${signal}, no SPA packet sent`));
    assert.deepEqual([run.restored, run.code, run.packet], [true, status, null]);
  });
}

for (
  const [name, erase, kill] of [["^H", "\x08", "\x18"], ["^?", "\x7f", "@"], ["one of its own", "#", "\x15"]] as const
) {
  Deno.test(`${name} erases as the terminal says, DEL and backspace always; its kill character and Ctrl-U kill`, async () => {
    const send = `no${kill}no\x15kex${erase}\u00e9x\x7fy\x08\x7f\u00e9\x7fy\r`;
    const run = await typed([{ expect: "Enter encryption key: ", send }], { erase, kill });
    assert.equal(await opens(run.packet, "key"), true, run.shown);
    assert.equal(run.restored, true);
  });
}

Deno.test("a process that is stopped at the prompt gives the terminal back, and asks again when it goes on", async () => {
  const run = await typed([
    { expect: "Enter encryption key: ", send: "", signal: "SIGTSTP" },
    { expect: "Enter encryption key: ", send: "secret\r" },
  ]);
  assert.deepEqual([run.sane, run.restored, run.code], [true, true, 0]);
  assert.ok(!run.shown.includes("secret"));
  assert.equal(await opens(run.packet, "secret"), true);
});

Deno.test("Ctrl-C at the question for one server of several asks for no other", async () => {
  const run = await typed([{ expect: "Enter encryption key for h: ", send: "\x03" }], { args: ["-b", "-D", "h,i"] });
  assert.ok(!run.shown.includes("for i"), run.shown);
  assert.deepEqual([run.restored, run.code, run.packet], [true, 130, null]);
});

Deno.test("an empty answer is refused", async () => {
  const run = await typed([{ expect: "Enter encryption key: ", send: "\r" }]);
  assert.match(run.shown, /the encryption key is empty/);
  assert.deepEqual([run.code, run.packet], [1, null]);
});

/** Runs the client from a shell that arranges descriptors. */
async function shell(script: string, more: Readonly<Record<string, string>> = {}) {
  using folder = temporaryFolder();
  const packet = `${folder.path}/packet`;
  const base = [...ALONE, "-T", "-A", "tcp/22", "-s", "-D", "h", "-B", packet].join(" ");
  const env = { RUN: `${Deno.execPath()} run --no-prompt -A ${MAIN} ${base}`, F: `${folder.path}/keys`, ...more };
  const args = ["-w", "bash", "-c", script];
  const { code, stderr } = await new Deno.Command("setsid", { args, env, stdin: "null" }).output();
  return { code, err: new TextDecoder().decode(stderr), packet: readOrNull(packet) };
}

const TWO_LINES = `printf 'key\\nhmac'`;

for (
  const [name, script] of [
    ["a pipe on standard input", `${TWO_LINES} | $RUN --use-hmac --stdin`],
    ["a file on descriptor 7", `${TWO_LINES} >$F; $RUN --use-hmac --fd 7 7<$F`],
  ] as const
) {
  Deno.test(`F20: two keys come from two lines of ${name}`, async () => {
    const run = await shell(script);
    assert.equal(run.code, 0, run.err);
    assert.equal(await opens(run.packet, "key", "hmac"), true);
  });
}

Deno.test("a descriptor without a second line, a foreign one, and no terminal are told apart", async () => {
  assert.match((await shell(`printf key | $RUN --use-hmac --stdin`)).err, /standard input has no line for this key/);
  assert.match((await shell(`$RUN --fd 33`)).err, /Bad file descriptor/);
  const none = await shell("$RUN");
  assert.match(none.err, /getpasswd\(\) key error/);
  assert.deepEqual([none.code, none.packet], [1, null]);
});

Deno.test("the key is asked for on the terminal although standard input and output lead elsewhere", async () => {
  const script = `$RUN </dev/null >/dev/null`;
  const python = "import os,pty,sys\npid,fd=pty.fork()\nif pid==0: os.execvp('bash',['bash','-c',sys.argv[1]])\n" +
    "shown=b''\nwhile b'key: ' not in shown: shown+=os.read(fd,100)\nos.write(fd,b'secret\\n')\n" +
    "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid,0)[1]))";
  const run = await shell(`exec python3 -c "$PYTHON" '${script}'`, { PYTHON: python });
  assert.equal(run.code, 0, run.err);
  assert.equal(await opens(run.packet, "secret"), true);
});

Deno.test("one key of two may come from the command line", async () => {
  const run = await shell(`printf 'key\\n' | $RUN --key-hmac hmac --stdin`);
  assert.equal(await opens(run.packet, "key", "hmac"), true, run.err);
});

Deno.test("a descriptor that no key is needed from is not looked at", async () => {
  assert.equal((await shell("$RUN --key-rijndael key --fd 33")).code, 0);
});
