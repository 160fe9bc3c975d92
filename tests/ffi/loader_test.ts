import assert from "node:assert/strict";
import { loadError } from "../../ffi/loader.ts";

const NAME = { sonames: ["libx.so.1", "libx.so"], debianPackage: "libx1" };
const missing = (path: string) => ({
  path,
  cause: new Error(`Could not open library: ${path}: cannot open shared object file: No such file or directory`),
});

Deno.test("loadError() advises the package only where the library is not there", () => {
  const error = loadError(NAME, [missing("/usr/lib/libx.so.1"), missing("/usr/lib/libx.so")]);
  assert.equal(error.message, "Cannot load libx.so.1: tried /usr/lib/libx.so.1, /usr/lib/libx.so");
  assert.match(error.details.hint ?? "", /^install the Debian package libx1/);
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
