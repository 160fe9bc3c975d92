import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { lazyLibc } from "../../../ffi/libc/errno.ts";
import {
  closeFd,
  pollFds,
  pollFdsHere,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  readFd,
  writeAll,
  writeFd,
} from "../../../ffi/libc/fd.ts";

const libc = lazyLibc({
  /** int pipe2(int pipefd[2], int flags) */
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
});
const O_NONBLOCK = 0o4000;
const EBADF = 9, EPIPE = 32;

/** A pipe both of whose ends never wait. */
function pipe(): readonly [reader: number, writer: number] {
  const ends = new Int32Array(2);
  assert.equal(libc().pipe2(new Uint8Array(ends.buffer), O_NONBLOCK), 0);
  return [ends[0]!, ends[1]!];
}

function errnoIs(code: number) {
  return (error: unknown) => error instanceof FfiError && error.details.code === code;
}

Deno.test("readFd(): null while there is nothing, what there is, and 0 at the end", () => {
  const [reader, writer] = pipe();
  const target = new Uint8Array(4);
  assert.equal(readFd(reader, target), null);
  assert.equal(writeFd(writer, new Uint8Array([1, 2, 3, 4, 5])), 5);
  assert.equal(readFd(reader, target), 4);
  assert.deepEqual([...target], [1, 2, 3, 4]);
  assert.equal(readFd(reader, target), 1);
  closeFd(writer);
  assert.equal(readFd(reader, target), 0);
  closeFd(reader);
  assert.throws(() => readFd(reader, target), errnoIs(EBADF));
});

Deno.test("writeFd(): 0 when there is no room, and an error when nobody reads any more", () => {
  const [reader, writer] = pipe();
  const chunk = new Uint8Array(65536);
  while (writeFd(writer, chunk) > 0);
  assert.equal(writeFd(writer, chunk), 0);
  closeFd(reader);
  assert.throws(() => writeFd(writer, chunk), errnoIs(EPIPE));
  closeFd(writer);
});

Deno.test("writeAll() waits for room until everything is written", async () => {
  const [reader, writer] = pipe();
  const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index * 31);
  const written = writeAll(writer, bytes).then(() => closeFd(writer));
  const read: number[] = [];
  const chunk = new Uint8Array(65536);
  for (let count: number | null = null; count !== 0;) {
    await pollFds([{ fd: reader, events: POLLIN }], -1);
    count = readFd(reader, chunk);
    read.push(...chunk.subarray(0, count ?? 0));
  }
  await written;
  assert.deepEqual(Uint8Array.from(read), bytes);
  closeFd(reader);
});

Deno.test("pollFds() and pollFdsHere() tell the events of each descriptor in its place", async () => {
  const [reader, writer] = pipe();
  const interests = [{ fd: reader, events: POLLIN }, { fd: -1, events: POLLIN }, { fd: writer, events: POLLOUT }];
  assert.deepEqual(pollFdsHere(interests, 0), [0, 0, POLLOUT]);
  assert.deepEqual(pollFdsHere(interests.slice(0, 2), 0), [0, 0]);
  assert.deepEqual(await pollFds(interests.slice(0, 1), 1), [0]);
  writeFd(writer, new Uint8Array(1));
  assert.deepEqual(await pollFds(interests, -1), [POLLIN, 0, POLLOUT]);
  closeFd(writer);
  assert.deepEqual(await pollFds([{ fd: reader, events: 0 }], -1), [POLLHUP]);
  closeFd(reader);
  assert.deepEqual(pollFdsHere([{ fd: reader, events: POLLIN }], 0), [POLLNVAL]);
});
