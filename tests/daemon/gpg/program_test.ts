import assert from "node:assert/strict";
import { textBytes } from "../../../lib/bytes.ts";
import { gpgProgram, type GpgTerms } from "../../../daemon/gpg/program.ts";

/** Runs what is no gpg, a script of the shell. */
async function run(script: string, terms: GpgTerms = {}, stdin = "") {
  const folder = Deno.makeTempDirSync();
  const exe = `${folder}/gpg`;
  Deno.writeTextFileSync(exe, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  try {
    const ran = await gpgProgram({ exe, home: "/the/home" }, terms)(["--decrypt"], textBytes(stdin));
    return ran.ok ? ran.value : ran.fault.what.replace(exe, "gpg");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("gpgProgram() runs gpg with its home and a descriptor for what it says of the message", async () => {
  const got = await run('cat; echo "$@" >&2; echo "[GNUPG:] DECRYPTION_OKAY" >&3; exit 2', {}, "message");
  assert.deepEqual(got, {
    code: 2,
    stdout: textBytes("message"),
    stderr: "--homedir /the/home --status-fd 3 --decrypt\n",
    status: "[GNUPG:] DECRYPTION_OKAY\n",
  });
});

Deno.test("gpgProgram() gives gpg nothing of the daemon's environment", async () => {
  const got = await run("/usr/bin/env");
  assert.ok(typeof got !== "string");
  const names = new TextDecoder().decode(got.stdout).split("\n").map((line) => line.split("=")[0]).toSorted();
  assert.deepEqual(names, ["", "LC_ALL", "PATH", "PWD"]);
});

Deno.test("gpgProgram() ends what hangs, what prints without end, and what runs when the daemon ends", async () => {
  assert.equal(await run("exec sleep 3600", { timeoutMs: 10 }), "gpg takes too long");
  assert.equal(await run("trap '' TERM; while :; do sleep 1; done", { timeoutMs: 10 }), "gpg takes too long");
  assert.equal(await run("exec cat /dev/zero"), "gpg prints without end");
  const stop = new AbortController();
  const running = run("exec sleep 3600", { stop: stop.signal });
  stop.abort();
  assert.equal(await running, "gpg was ended, because the daemon ends");
  assert.equal(await run("exit 0", { stop: stop.signal }), "gpg was ended, because the daemon ends");
});

Deno.test("gpgProgram() that is killed has the exit status of its signal; one that is not there is a failure", async () => {
  const killed = await run("kill -9 $$");
  assert.ok(typeof killed !== "string");
  assert.equal(killed.code, 137);
  const absent = await gpgProgram({ exe: "/nowhere/gpg", home: "/" })([], new Uint8Array(0));
  assert.ok(!absent.ok);
  assert.match(absent.fault.what, /^\/nowhere\/gpg: /);
});
