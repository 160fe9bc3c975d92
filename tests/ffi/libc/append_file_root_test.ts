/** Appending where the disk is full. */
import assert from "node:assert/strict";
import { labTest } from "../../lab/mod.ts";

const MODULE = new URL("../../../ffi/libc/append_file.ts", import.meta.url).href;
labTest("append() on a full disk leaves no part of what it could not write", async () => {
  const folder = Deno.makeTempDirSync();
  const script = `import { openAppendFile } from ${JSON.stringify(MODULE)};
    const file = openAppendFile("${folder}/file");
    const chunk = new Uint8Array(3000).fill(0x61);
    let error = "";
    for (let i = 0; i < 10 && error === ""; i++) {
      try { file.append(chunk); } catch (caught) { error = caught.message; }
    }
    console.log(JSON.stringify({ error, size: file.size }));`;
  try {
    const mounted = `mount -t tmpfs -o size=8k none ${folder} && exec "$0" eval "$1"`;
    const { stdout, stderr } = await new Deno.Command("/usr/bin/unshare", {
      args: ["--mount", "sh", "-c", mounted, Deno.execPath(), script],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.notEqual(said, "", new TextDecoder().decode(stderr));
    const { error, size } = JSON.parse(said);
    assert.match(error, /No space left on device/);
    assert.equal(size % 3000, 0, `whole chunks only, got ${size} bytes`);
    assert.ok(size > 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
