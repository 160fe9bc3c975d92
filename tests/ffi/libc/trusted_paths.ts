/** Files and folders of a test, opened as those of the daemon are. */
import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { closeFd } from "../../../ffi/libc/fd.ts";
import { openTrusted, type TrustedOpening } from "../../../ffi/libc/trusted_file.ts";

/** Runs a test in a folder of its own that holds a folder `run`. */
export function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/run`, { mode: 0o700 });
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Opens and closes. True when there was something to open. */
export function opens(path: string, opening: TrustedOpening = { create: "always" }): boolean {
  const fd = openTrusted(path, opening);
  if (fd !== null) closeFd(fd);
  return fd !== null;
}

/** The path is refused for that reason, with a remedy. */
export function refuses(path: string, why: RegExp, opening?: TrustedOpening): void {
  assert.throws(() => opens(path, opening), (error: unknown) => {
    assert.ok(error instanceof FfiError);
    assert.match(error.message, why);
    assert.ok((error.details.hint ?? "").length > 10, "with a remedy");
    return true;
  }, `${path} ${why}`);
}
