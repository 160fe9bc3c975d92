import assert from "node:assert/strict";
import { neverWritten } from "../../../ffi/libc/clean_mappings.ts";
import { giveBackFreed, giveBackText } from "../../../ffi/libc/give_back.ts";
import { readProc } from "../../../ffi/libc/proc_file.ts";

function kilobytesOfFiles(): number {
  return Number(/^RssFile:\s+([0-9]+)/m.exec(readProc("/proc/self/status"))?.[1]);
}

Deno.test("giveBackText() gives back text of this program, which goes on with what it had written", () => {
  const mine = neverWritten(readProc("/proc/self/smaps"));
  const written = Array.from({ length: 1000 }, (_, i) => ({ i, text: `object ${i}` }));
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  const copy = bytes.slice();
  assert.ok(mine.length > 0);
  const before = kilobytesOfFiles();
  giveBackText();
  giveBackFreed();
  assert.ok(kilobytesOfFiles() < before, "less of files is in memory");
  assert.deepEqual(bytes, copy);
  assert.ok(written.every(({ i, text }) => text === `object ${i}`));
  assert.deepEqual(JSON.parse(JSON.stringify(written)), written);
});
