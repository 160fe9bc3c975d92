import assert from "node:assert/strict";
import { openSource } from "../../../daemon/packet/open.ts";
import { openTcpSource } from "../../../daemon/packet/tcp.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";

/** A server on a free port with a clock of the test. */
function scene() {
  const clock = { now: 5000 };
  const source = openTcpSource({ port: 0, steady: () => clock.now });
  const port = Number(/port ([0-9]+)\./.exec(source.banner[0] ?? "")?.[1]);
  return { clock, source, port };
}

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, fn, sanitizeResources: false });

/** Resolves when the other end has closed. */
async function isClosed(connection: Deno.Conn): Promise<boolean> {
  try {
    return await connection.read(new Uint8Array(1)) === null;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionReset;
  }
}

test("openTcpSource() takes connections of both families, holds them for a second and has no packet", async () => {
  const { clock, source, port } = scene();
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  const [four, six] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    Deno.connect({ hostname: "::1", port }),
  ]);
  await four.write(new Uint8Array(200));
  assert.equal((await waiter.wait(3000)).size, 1);
  const batch = source.read(100);
  assert.deepEqual({ ...batch, remarks: batch.remarks?.().toSorted() }, {
    datagrams: [],
    taken: 0,
    more: false,
    ended: false,
    remarks: ["tcp_server: Got TCP connection from 127.0.0.1.", "tcp_server: Got TCP connection from ::1."],
    again: 1000,
  });
  clock.now += 999;
  assert.equal(source.read(100).again, 1, "they are still held");
  clock.now += 1;
  assert.equal("again" in source.read(100), false);
  assert.deepEqual(await Promise.all([four, six].map(isClosed)), [true, true]);
  for (const connection of [four, six]) connection.close();
  source[Symbol.dispose]();
  source[Symbol.dispose]();
});

test("openTcpSource() holds so many connections and no more: one more ends the oldest", async () => {
  const { source, port } = scene();
  const first = await Deno.connect({ hostname: "127.0.0.1", port });
  assert.equal(source.read(1).remarks?.().length, 1);
  const others: Deno.Conn[] = [];
  for (let count = 0; count < 64; count++) {
    others.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    if (count % 16 === 15) source.read(1);
  }
  assert.equal(await isClosed(first), true);
  for (const connection of [first, ...others]) connection.close();
  source[Symbol.dispose]();
});

test("openTcpSource() says which port it cannot have, and openSource() adds the words of the C daemon", () => {
  const { source, port } = scene();
  assert.throws(() => openTcpSource({ port, steady: () => 0 }), (error: Error) => {
    assert.match(error.message, new RegExp(`^Cannot listen on TCP port ${port}: .*in use`));
    return true;
  });
  assert.throws(() => openSource({ kind: "tcp", port }), /: .*in use \(run_tcp_server: bind\(\) failed\)$/);
  source[Symbol.dispose]();
  return Promise.resolve();
});
