import assert from "node:assert/strict";
import { savePacket } from "../../../cli/knock/packet_file.ts";
import { temporaryFolder } from "../harness.ts";

Deno.test("savePacket() replaces or appends, mode 0600", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/packet`;
  savePacket(path, "one", { append: false });
  savePacket(path, "two", { append: false });
  assert.equal(Deno.readTextFileSync(path), "two\n");
  savePacket(path, "three", { append: true });
  assert.equal(Deno.readTextFileSync(path), "two\nthree\n");
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  const other = `${folder.path}/other`;
  savePacket(other, "x", { append: true });
  assert.equal((Deno.statSync(other).mode ?? 0) & 0o777, 0o600);
});

Deno.test("savePacket() replaces regular files only and gives the reason of a failure", () => {
  using folder = temporaryFolder();
  assert.throws(() => savePacket(folder.path, "x", { append: false }), /not a regular file/);
  assert.throws(() => savePacket("/dev/null", "x", { append: true }), /not a regular file/);
  assert.throws(
    () => savePacket(`${folder.path}/no/file`, "x", { append: false }),
    /Could not save the packet to .*No such/,
  );
});
