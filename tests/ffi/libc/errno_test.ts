import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { errnoText, retryForErrno, throwErrno } from "../../../ffi/libc/errno.ts";
import { openLockFile } from "../../../ffi/libc/file_lock.ts";
import { cString, readCString } from "../../../ffi/memory.ts";
import { lazyLibrary } from "../../../ffi/loader.ts";

const libc = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  strerror: { parameters: ["i32"], result: "usize" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
});

Deno.test("errnoText() is that of the C library for every code", () => {
  for (let code = 1; code < 140; code++) assert.equal(errnoText(code), readCString(libc().strerror(code)));
  assert.equal(errnoText(111), "Connection refused");
  assert.equal(errnoText(4095), "Unknown error 4095");
});

Deno.test("retryForErrno() believes an errno when two answers agree, and a result at once", () => {
  const codeOf = (path: string) => retryForErrno(() => libc().access(cString(path), 0));
  assert.deepEqual(codeOf("/"), { result: 0, code: 0 });
  assert.deepEqual(codeOf("/nowhere"), { result: -1, code: 2 });
  // What is asked for changes with each question: ENOENT, then ENOTDIR twice.
  const paths = ["/nowhere", "/etc/passwd/x", "/etc/passwd/x", "/"];
  let asked = 0;
  const changing = retryForErrno(() => libc().access(cString(paths[asked++] ?? ""), 0));
  assert.deepEqual([changing, asked], [{ result: -1, code: 20 }, 3]);
  asked = 0;
  assert.deepEqual([retryForErrno(() => libc().access(cString(paths[asked++] ?? ""), 0), new Set([2])), asked], [
    { result: -1, code: 2 },
    1,
  ]);
  asked = 2;
  assert.deepEqual([retryForErrno(() => libc().access(cString(paths[asked++] ?? ""), 0)), asked], [{
    result: 0,
    code: 0,
  }, 4]);
});

Deno.test("throwErrno() carries the code of the call that failed, also when it is the first one of its table", () => {
  assert.throws(
    () => openLockFile("/nowhere/x.pid", { create: true }),
    (error) =>
      error instanceof FfiError && error.details.code === 2 && error.details.symbol === "open" &&
      error.message === 'Cannot open "/nowhere/x.pid": No such file or directory',
  );
  assert.throws(
    () => throwErrno("x", "y", "do z"),
    (error) => error instanceof FfiError && error.details.hint === "do z",
  );
});
