import assert from "node:assert/strict";
import { writeKeys } from "../../daemon/key_file.ts";
import { StartError } from "../../daemon/start/start_error.ts";

Deno.test("writeKeys() makes a file for its owner alone, and writes over one of ours", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/keys`;
  writeKeys(path, "KEY_BASE64: first");
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  writeKeys(path, "KEY: 2");
  assert.equal(Deno.readTextFileSync(path), "KEY: 2\n");
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("writeKeys() follows no link, and its refusal names the path once and no key", () => {
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/theirs`, "as it was");
  Deno.symlinkSync(`${folder}/theirs`, `${folder}/link`);
  for (const path of [`${folder}/link`, `${folder}/none/keys`, folder]) {
    assert.throws(() => writeKeys(path, "s3cret"), (error) => {
      assert.ok(error instanceof StartError);
      assert.ok(error.message.startsWith(`Unable to create key gen file ${path}: `), error.message);
      assert.ok(!error.message.includes("s3cret"));
      return true;
    }, path);
  }
  assert.equal(Deno.readTextFileSync(`${folder}/theirs`), "as it was");
  Deno.removeSync(folder, { recursive: true });
});
