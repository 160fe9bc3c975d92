import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { openAppendFile } from "../../../ffi/libc/append_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function inFolder(test: (path: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(`${folder}/file`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("openAppendFile() creates with the mode, appends, and knows size and last byte", async () => {
  await inFolder((path) => {
    using file = openAppendFile(path);
    assert.equal(file.lastByte(), null);
    file.append(bytes("one\n"));
    file.append(bytes("two"));
    assert.equal(Deno.readTextFileSync(path), "one\ntwo");
    assert.deepEqual([file.size, file.lastByte()], [7, 0x6f]);
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("openAppendFile() sees that somebody took its place", async () => {
  await inFolder((path) => {
    using file = openAppendFile(path);
    assert.equal(file.isStillAt(path), true);
    Deno.renameSync(path, `${path}.1`);
    assert.equal(file.isStillAt(path), false);
    Deno.writeTextFileSync(path, "");
    assert.equal(file.isStillAt(path), false);
    assert.equal(file.isStillAt(`${path}.1`), true);
  });
});

Deno.test("openAppendFile() refuses what is no regular file, and what it may not open", async () => {
  await inFolder((path) => {
    Deno.mkdirSync(path);
    assert.throws(() => openAppendFile(path), FfiError);
    assert.throws(() => openAppendFile("/dev/null"), /not a regular file/);
    assert.throws(() => openAppendFile(`${path}/no/such`), /No such file or directory/);
  });
});

Deno.test("appendElsewhere() has the bytes in the file at once, and takes the file for untouched when it is done", async () => {
  await inFolder(async (path) => {
    using file = openAppendFile(path);
    const appending = file.appendElsewhere(bytes("one\n"));
    assert.equal(Deno.readTextFileSync(path), "one\n");
    await appending;
    assert.equal(file.isUntouchedAt(path), true);
    await Promise.all([file.appendElsewhere(bytes("two\n")), Deno.writeTextFile(path, "other\n", { append: true })]);
    assert.equal(file.isUntouchedAt(path), false, "what somebody else did meanwhile shows");
  });
});
