import assert from "node:assert/strict";
import { AT_FDCWD } from "../../../ffi/abi.ts";
import { fileFacts } from "../../../ffi/libc/file_facts.ts";
import { FfiError } from "../../../ffi/errors.ts";

Deno.test("fileFacts() says what stat(1) says, of files, folders and links", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/file`;
  Deno.writeTextFileSync(path, "12345", { mode: 0o640 });
  Deno.chmodSync(path, 0o640);
  Deno.linkSync(path, `${folder}/second`);
  Deno.symlinkSync(path, `${folder}/link`);
  const file = fileFacts(AT_FDCWD, path)!;
  const { ino } = Deno.statSync(path);
  assert.deepEqual([file.kind, file.mode, file.uid, file.links, file.size], ["file", 0o640, Deno.uid(), 2, 5]);
  assert.equal(file.key.split(":").at(-1), String(ino));
  assert.equal(fileFacts(AT_FDCWD, `${folder}/second`)!.key, file.key);
  assert.equal(fileFacts(AT_FDCWD, `${folder}/link`)!.key, file.key);
  assert.equal(fileFacts(AT_FDCWD, `${folder}/link`, { follow: false })!.kind, "link");
  assert.equal(fileFacts(AT_FDCWD, folder)!.kind, "folder");
  assert.equal(fileFacts(AT_FDCWD, "/dev/null")!.kind, "other");
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("fileFacts(): written to shows, not there is null, and what cannot be looked at is an error", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/file`;
  Deno.writeTextFileSync(path, "1");
  const before = fileFacts(AT_FDCWD, path)!;
  assert.equal(fileFacts(AT_FDCWD, path)!.modified, before.modified);
  Deno.utimeSync(path, 1, 1);
  assert.notEqual(fileFacts(AT_FDCWD, path)!.modified, before.modified);
  assert.equal(fileFacts(AT_FDCWD, `${folder}/none`), null);
  assert.equal(fileFacts(AT_FDCWD, `${path}/below`), null);
  Deno.symlinkSync("loop", `${folder}/loop`);
  assert.throws(() => fileFacts(AT_FDCWD, `${folder}/loop`), FfiError);
  Deno.removeSync(folder, { recursive: true });
});
