import assert from "node:assert/strict";
import { append, openLocked, ReplayStoreError } from "../../../daemon/replay/cache_file.ts";

Deno.test("append() that fails says so in the words of the C daemon, with the reason and the next move", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const cache = openLocked(`${folder}/digest.cache`);
    cache.file[Symbol.dispose]();
    assert.throws(() => append(cache, "x\n"), (error: Error) => {
      assert.ok(error instanceof ReplayStoreError);
      assert.match(
        error.message,
        /^Cannot write the replay cache .*\(Could not add digest to replay cache\): .*Bad file/,
      );
      assert.match(error.hint, /\(DIGEST_FILE, option -d\)/);
      return true;
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
