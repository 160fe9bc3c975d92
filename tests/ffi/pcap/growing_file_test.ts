import assert from "node:assert/strict";
import { closeStream, openGrowingFile } from "../../../ffi/pcap/growing_file.ts";

Deno.test("openGrowingFile() knows its file again, and sees when another has its name or it was cut", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/file`;
  Deno.writeTextFileSync(path, "0123456789");
  const file = openGrowingFile(path);
  assert.deepEqual([file.size, file.position(), file.isReplaced()], [10, 0, false]);
  file.seek(10);
  assert.deepEqual([file.position(), file.isReplaced()], [10, false]);
  Deno.writeTextFileSync(path, "more", { append: true });
  assert.equal(file.isReplaced(), false);
  Deno.truncateSync(path, 5);
  assert.equal(file.isReplaced(), true, "cut");
  file.seek(0);
  Deno.renameSync(path, `${path}.1`);
  assert.equal(file.isReplaced(), false, "its writer may still write it");
  Deno.writeTextFileSync(path, "");
  assert.equal(file.isReplaced(), true, "another");
  closeStream(file.stream);
  Deno.removeSync(folder, { recursive: true });
});
