import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { readProc, readProcOrNull } from "../../../ffi/libc/proc_file.ts";

Deno.test("readProc() reads all of a file that says no size", () => {
  assert.equal(readProc("/proc/self/comm").endsWith("\n"), true);
  const maps = readProc("/proc/self/maps");
  assert.ok(maps.length > 4096, `${maps.length} characters`);
  assert.match(maps, /\n$/);
});

Deno.test("a file that is not there is null, or an error that names it", () => {
  assert.equal(readProcOrNull("/proc/net/no_such_file"), null);
  assert.throws(() => readProc("/proc/net/no_such_file"), (error) => {
    return error instanceof FfiError && error.message.includes("/proc/net/no_such_file");
  });
});
