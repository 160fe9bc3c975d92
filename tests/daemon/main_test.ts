/** What the daemon says as a process, where only a process shows it. */
import assert from "node:assert/strict";

const MAIN = new URL("../../daemon/main.ts", import.meta.url).pathname;

async function run(line: string, cwd: string): Promise<{ readonly code: number; readonly err: string }> {
  const command = `b=$(printf 'sch\\366n'); ${line}`;
  const args = ["-c", command, "sh", Deno.execPath(), "run", "--no-prompt", "-A", MAIN];
  const { code, stderr } = await new Deno.Command("/bin/sh", { args, cwd, stdin: "null" }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("a directory whose name is no UTF-8 text is told in one sentence", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    const hint = "fwknopd: hint: start it in another one: cd / && fwknopd\n";
    const start = "fwknopd: error: Cannot use the directory in which fwknopd was started: ";
    assert.deepEqual(await run('mkdir "$b" && cd "$b" && exec "$@" --exit-parse-config', folder), {
      code: 1,
      err: `${start}its name or value holds bytes that are no UTF-8 text\n${hint}`,
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("words that belong to no option are ignored, as in C, and told", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknopd-main-" });
  try {
    // The one below /etc is not everybody's to read.
    Deno.writeTextFileSync(`${folder}/fwknopd.conf`, "", { mode: 0o600 });
    const { code, err } = await run('exec "$@" status -V -c fwknopd.conf', folder);
    assert.deepEqual([code, err], [
      0,
      'fwknopd: warning: "status" is no option and is ignored\nfwknopd: hint: did you mean -S?\n',
    ]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a key file that cannot be written is told in the words of the system", async () => {
  const { code, err } = await run('exec "$@" --key-gen-file /nonexistent/keys', "/");
  assert.equal(code, 1);
  assert.match(err, /^fwknopd: error: Unable to create key gen file \/nonexistent\/keys: No such file or directory\n/);
});
