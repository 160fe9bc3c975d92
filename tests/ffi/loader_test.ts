import assert from "node:assert/strict";
import { LIBRARY_FOLDERS, loadError } from "../../ffi/loader.ts";

const NAME = { sonames: ["libx.so.1", "libx.so"], debianPackage: "libx1" };
const missing = (path: string) => ({
  path,
  cause: new Error(`Could not open library: ${path}: cannot open shared object file: No such file or directory`),
});

Deno.test("LIBRARY_FOLDERS has each folder of an unmerged /usr behind its twin below /usr, so that a merged one is found first", () => {
  const folders: readonly string[] = LIBRARY_FOLDERS;
  const outside = folders.filter((folder) => !folder.startsWith("/usr/"));
  assert.deepEqual(folders, [...outside.map((folder) => `/usr${folder}`), ...outside]);
  for (const folder of ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/lib"]) {
    assert.ok(folders.includes(folder), folder);
  }
});

Deno.test("loadError() names each folder once and both remedies where the library is not there", () => {
  const error = loadError(NAME, [
    missing("/usr/lib/libx.so.1"),
    missing("/usr/lib/libx.so"),
    missing("/lib/libx.so.1"),
    missing("/lib/libx.so"),
  ]);
  assert.equal(error.message, "Cannot load libx.so.1: it is in none of /usr/lib, /lib");
  assert.match(error.details.hint ?? "", /install the Debian package libx1; .*link it into one of these folders/);
});

Deno.test("loadError() names a library that is there and does not load, with the reason", () => {
  const path = "/usr/lib64/libx.so";
  const broken = {
    path,
    cause: new Error(`Could not open library: Could not open library: ${path}: invalid ELF header`),
  };
  const error = loadError(NAME, [missing("/usr/lib/libx.so.1"), broken]);
  assert.equal(error.message, "Cannot load libx.so.1: /usr/lib64/libx.so: invalid ELF header");
  assert.match(error.details.hint ?? "", /is there/);
});

Deno.test("loadError() does not send anybody to a package when the right to open libraries is missing", () => {
  const path = "/usr/lib/libx.so.1";
  const cause = new Deno.errors.NotCapable(`Requires ffi access to "${path}", run again with the --allow-ffi flag`);
  const error = loadError(NAME, [{ path, cause }, { path: "/usr/lib/libx.so", cause }]);
  assert.doesNotMatch(`${error.message} ${error.details.hint}`, /Debian|--allow|Requires/);
  assert.match(error.details.hint ?? "", /permissions\.json/);
});
