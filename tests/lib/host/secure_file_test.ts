import assert from "node:assert/strict";
import { writeAtomically, writeNew } from "../../../lib/host/atomic_file.ts";
import { listFolder, readSecureFile } from "../../../lib/host/secure_file.ts";

function inFolder(use: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-file-" });
  try {
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("readSecureFile() reads text and says nothing of a file that only its owner can read", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "x".repeat(5000), { mode: 0o600 });
    const read = readSecureFile(`${folder}/a`);
    assert.ok(read.ok);
    assert.deepEqual([read.value.text, read.value.warnings], ["x".repeat(5000), []]);
  });
});

Deno.test("readSecureFile() warns of a loose mode, through a link too", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "x");
    Deno.chmodSync(`${folder}/a`, 0o640);
    Deno.symlinkSync(`${folder}/a`, `${folder}/link`);
    for (const name of ["a", "link"]) {
      const read = readSecureFile(`${folder}/${name}`);
      assert.ok(read.ok);
      assert.deepEqual(read.value.warnings, [
        `file: ${folder}/${name} permissions should only be user read/write (0600, -rw-------)`,
      ]);
    }
    const unchecked = readSecureFile(`${folder}/a`, { checkOwner: false });
    assert.ok(unchecked.ok && unchecked.value.warnings.length === 0);
  });
});

Deno.test({
  name: "readSecureFile() warns of a foreign owner",
  ignore: Deno.uid() !== 0,
  fn() {
    inFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/a`, "x", { mode: 0o600 });
      Deno.chownSync(`${folder}/a`, 65534, null);
      const read = readSecureFile(`${folder}/a`);
      assert.ok(read.ok);
      assert.match(read.value.warnings.join(), /not owned by current effective user id/);
    });
  },
});

Deno.test("readSecureFile() refuses what is not there and what is no file, without waiting", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-file-" });
  try {
    assert.equal(faultOf(`${folder}/none`), "missing");
    assert.equal(faultOf(folder), "not-regular");
    assert.equal(faultOf("/dev/null"), "not-regular");
    assert.ok((await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output()).success);
    assert.equal(faultOf(`${folder}/fifo`), "not-regular");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

function faultOf(path: string): string {
  const read = readSecureFile(path);
  return read.ok ? "none" : read.fault.code;
}

Deno.test("readSecureFile() loses no byte, and a file is written with the bytes it was read with", () => {
  inFolder((folder) => {
    Deno.writeFileSync(`${folder}/a`, Uint8Array.of(0x41, 0xff, 0x42));
    const read = readSecureFile(`${folder}/a`);
    assert.ok(read.ok);
    assert.equal(read.value.text, "A\udcffB");
    writeAtomically(`${folder}/b`, read.value.text);
    writeNew(`${folder}/c`, read.value.text);
    for (const copy of ["b", "c"]) assert.deepEqual(Deno.readFileSync(`${folder}/${copy}`), read.value.bytes);
  });
});

Deno.test("listFolder() sorts, and names what it cannot list", () => {
  inFolder((folder) => {
    for (const name of ["b", "a", "C"]) Deno.writeTextFileSync(`${folder}/${name}`, "");
    assert.deepEqual(listFolder(folder), { ok: true, value: ["C", "a", "b"] });
    const none = listFolder(`${folder}/none`);
    assert.ok(!none.ok && none.fault.code === "missing");
  });
});

Deno.test("writeAtomically() replaces content and mode, keeps links, and leaves nothing behind", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "old");
    Deno.symlinkSync(`${folder}/a`, `${folder}/link`);
    writeAtomically(`${folder}/link`, "new");
    assert.equal(Deno.readTextFileSync(`${folder}/a`), "new");
    assert.equal((Deno.statSync(`${folder}/a`).mode ?? 0) & 0o777, 0o600);
    assert.ok(Deno.lstatSync(`${folder}/link`).isSymlink);
    writeAtomically(`${folder}/fresh`, "x");
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name).sort(), ["a", "fresh", "link"]);
    assert.throws(() => writeAtomically(folder, "x"));
    assert.deepEqual([...Deno.readDirSync(folder)].length, 3);
  });
});

Deno.test("writeNew() makes a private file and refuses one that is there", () => {
  inFolder((folder) => {
    writeNew(`${folder}/a`, "x");
    assert.equal((Deno.statSync(`${folder}/a`).mode ?? 0) & 0o777, 0o600);
    assert.throws(() => writeNew(`${folder}/a`, "y"), Deno.errors.AlreadyExists);
    assert.equal(Deno.readTextFileSync(`${folder}/a`), "x");
  });
});

Deno.test("readSecureFile() reads streams where they are taken, with a warning unless nothing is checked", () => {
  const read = readSecureFile("/dev/null", { streams: true });
  assert.ok(read.ok);
  assert.equal(read.value.text, "");
  assert.match(read.value.warnings[0] ?? "", /^file: \/dev\/null is not a regular file or symbolic link\.$/);
  const unchecked = readSecureFile("/dev/null", { streams: true, checkOwner: false });
  assert.ok(unchecked.ok && unchecked.value.warnings.length === 0);
  const endless = readSecureFile("/dev/zero", { streams: true });
  assert.deepEqual([endless.ok, !endless.ok && endless.fault.message], [false, "is a stream of more than 16 MB"]);
  inFolder((folder) => assert.equal(readSecureFile(folder, { streams: true }).ok, false));
});

Deno.test("readSecureFile() refuses a file that is far too large without reading it, and one that cannot be read", () => {
  inFolder((folder) => {
    const path = `${folder}/sparse`;
    Deno.writeTextFileSync(path, "", { mode: 0o600 });
    Deno.truncateSync(path, 2 ** 40);
    const huge = readSecureFile(path);
    assert.deepEqual(!huge.ok && huge.fault, { code: "unreadable", message: "it is larger than 16 MB" });
  });
  const broken = readSecureFile("/proc/self/mem");
  assert.deepEqual(!broken.ok && broken.fault, { code: "unreadable", message: "Input/output error" });
});
