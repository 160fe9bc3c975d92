import assert from "node:assert/strict";
import { closeFd, pollFds, POLLIN, readFd } from "../../../ffi/libc/fd.ts";
import { openPipe, spawnProgram } from "../../../ffi/libc/spawn.ts";

Deno.test("spawnProgram() gives a child the descriptors of its list, in that order, and only those", async () => {
  const [readEnd, writeEnd] = openPipe();
  const script = 'said=$(for fd in 0 1 2 3; do readlink /proc/$$/fd/$fd || echo none; done); echo "$said" >&3';
  const pid = spawnProgram({
    path: "/bin/sh",
    args: ["-c", script],
    env: { PATH: "/usr/bin:/bin" },
    descriptors: [null, null, null, writeEnd],
    folder: "/",
  });
  assert.ok(pid > 1);
  closeFd(writeEnd);
  let said = "";
  for (const bytes = new Uint8Array(200);;) {
    await pollFds([{ fd: readEnd, events: POLLIN }], -1);
    const count = readFd(readEnd, bytes) ?? 0;
    if (count === 0) break;
    said += new TextDecoder().decode(bytes.subarray(0, count));
  }
  closeFd(readEnd);
  assert.match(said, /^(\/dev\/null\n){3}pipe:\[\d+\]\n$/);
});
