import assert from "node:assert/strict";
import { localeExists } from "../../../ffi/libc/locale.ts";

Deno.test("localeExists() knows the locales that every system has, and none of those that none has", () => {
  for (const name of ["C", "POSIX"]) assert.ok(localeExists(name), name);
  for (const name of ["xx_YY", "C;rm", "x".repeat(5000)]) assert.ok(!localeExists(name), name);
});
