import assert from "node:assert/strict";
import { lazyLibc } from "../../../ffi/libc/errno.ts";
import { closeFd, readFd } from "../../../ffi/libc/fd.ts";
import { cString } from "../../../ffi/memory.ts";
import { writeNow } from "../../../ffi/libc/write_now.ts";

const libc = lazyLibc({
  /** int pipe(int pipefd[2]) */
  pipe: { parameters: ["buffer"], result: "i32" },
  /** int open(const char *path, int flags) */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

const F_GETFL = 3;
const O_WRONLY = 1;

function makePipe(): { readonly reader: number; readonly writer: number } {
  const fds = new Int32Array(2);
  assert.equal(libc().pipe(new Uint8Array(fds.buffer)), 0);
  const [reader = -1, writer = -1] = fds;
  return { reader, writer };
}

function test(name: string, fn: () => void): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

test("writeNow() gives a full pipe what it has room for, and waits for nobody", () => {
  const { reader, writer } = makePipe();
  try {
    const flags = libc().fcntl(writer, F_GETFL, 0);
    const much = new Uint8Array(1_000_000).fill(0x61);
    const first = writeNow(writer, much);
    assert.ok(first > 0 && first < much.length, `${first}`);
    assert.equal(writeNow(writer, much), 0);
    const drained = readFd(reader, new Uint8Array(first));
    assert.equal(drained, first);
    assert.equal(writeNow(writer, new Uint8Array([0x62])), 1);
    assert.equal(libc().fcntl(writer, F_GETFL, 0), flags, "the descriptor is shared and stays as it was");
  } finally {
    closeFd(reader);
    closeFd(writer);
  }
});

test("writeNow() takes a reader that left, and a full disk, for no room", () => {
  const { reader, writer } = makePipe();
  closeFd(reader);
  assert.equal(writeNow(writer, new Uint8Array([0x61])), 0);
  closeFd(writer);
  const full = libc().open(cString("/dev/full"), O_WRONLY);
  assert.ok(full >= 0);
  assert.equal(writeNow(full, new Uint8Array([0x61])), 0);
  closeFd(full);
});
