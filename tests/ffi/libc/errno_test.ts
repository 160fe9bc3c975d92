import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { ERRNO, errnoName, errnoText, throwErrno } from "../../../ffi/libc/errno.ts";
import { openLockFile } from "../../../ffi/libc/file_lock.ts";
import { readCString } from "../../../ffi/memory.ts";
import { lazyLibrary } from "../../../ffi/loader.ts";

const libc = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  strerror: { parameters: ["i32"], result: "usize" },
  strerrorname_np: { parameters: ["i32"], result: "usize" },
});

Deno.test("errnoText() and errnoName() are those of the C library for every code", () => {
  for (let code = 1; code < 140; code++) {
    assert.equal(errnoText(code), readCString(libc().strerror(code)));
    if (ERRNO[code]) assert.equal(errnoName(code), readCString(libc().strerrorname_np(code)));
  }
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
