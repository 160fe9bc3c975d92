import assert from "node:assert/strict";
import { openLockFile } from "../../../ffi/libc/file_lock.ts";

/** Runs a few lines of Python that lock the file with lockf(3), as the C daemon does, until its stdin ends. */
async function lockedByPython(path: string) {
  const script = `import fcntl,os,sys
fd=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT,0o600)
try: fcntl.lockf(fd,fcntl.LOCK_EX|fcntl.LOCK_NB)
except OSError: print("held",flush=True); sys.exit(0)
print("locked",flush=True); sys.stdin.read()`;
  const child = new Deno.Command("python3", { args: ["-c", script, path], stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const said = new TextDecoder().decode((await reader.read()).value).trim();
  return {
    said,
    pid: child.pid,
    async end() {
      await child.stdin.close();
      await child.status;
      await reader.cancel();
    },
  };
}

Deno.test("openLockFile() creates with mode 0600 and keeps what is there", () => {
  const dir = Deno.makeTempDirSync();
  const path = `${dir}/d.pid`;
  {
    using file = openLockFile(path, { create: true });
    assert.equal(file.read(8), "");
    file.write("12345\n");
  }
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  using again = openLockFile(path, { create: true });
  assert.equal(again.read(8), "12345\n");
  again.write("7\n");
  assert.equal(again.read(8), "7\n");
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("openLockFile() gives null for a file that is not there and must not be made", () => {
  assert.equal(openLockFile("/tmp/no-such-lock-file.pid", { create: false }), null);
});

Deno.test("tryLock() and lockf(3) of another process exclude each other, both ways", async () => {
  const dir = Deno.makeTempDirSync();
  const path = `${dir}/d.pid`;
  const other = await lockedByPython(path);
  assert.equal(other.said, "locked");
  using file = openLockFile(path, { create: true });
  assert.equal(file.tryLock(), false);
  assert.equal(file.holder(), other.pid);
  await other.end();
  assert.equal(file.holder(), null);
  assert.equal(file.tryLock(), true);
  file.write(`${Deno.pid}\n`);
  assert.equal(file.read(16), `${Deno.pid}\n`, "reading through the object keeps the lock");
  const late = await lockedByPython(path);
  assert.equal(late.said, "held");
  await late.end();
  file[Symbol.dispose]();
  const free = await lockedByPython(path);
  assert.equal(free.said, "locked");
  await free.end();
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a closed lock file refuses to be used", () => {
  const dir = Deno.makeTempDirSync();
  const file = openLockFile(`${dir}/d.pid`, { create: true });
  file[Symbol.dispose]();
  file[Symbol.dispose]();
  assert.throws(() => file.tryLock(), TypeError);
  Deno.removeSync(dir, { recursive: true });
});
