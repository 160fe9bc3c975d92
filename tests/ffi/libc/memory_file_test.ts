import assert from "node:assert/strict";
import { closeFd, readFd } from "../../../ffi/libc/fd.ts";
import { exchange } from "../../../ffi/libc/exchange.ts";
import { openMemoryFile } from "../../../ffi/libc/memory_file.ts";

Deno.test("openMemoryFile() gives the bytes back from the first to the last", () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
  const fd = openMemoryFile(bytes);
  try {
    const read = new Uint8Array(bytes.length + 1);
    let length = 0;
    for (let count = 1; count > 0; length += count) count = readFd(fd, read.subarray(length)) ?? 0;
    assert.deepEqual(read.subarray(0, length), bytes);
  } finally {
    closeFd(fd);
  }
});

Deno.test("exchange() gives a program a whole file, which stays open", async () => {
  const text = "x".repeat(100_000);
  const fd = openMemoryFile(new TextEncoder().encode(text));
  try {
    const { end, outputs } = await exchange({ path: "/bin/cat", args: [], env: {} }, {
      input: { fd },
      outputLimits: [200_000],
      timeoutMs: 60_000,
      graceMs: 100,
    });
    assert.deepEqual(end, { status: 0 });
    assert.equal(new TextDecoder().decode(outputs[0]), text);
    assert.equal(readFd(fd, new Uint8Array(1)), 0, "at its end, and open");
  } finally {
    closeFd(fd);
  }
});
