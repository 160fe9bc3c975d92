import assert from "node:assert/strict";
import { connectUnixDatagram } from "../../../ffi/libc/unix_datagram.ts";
import { listenDatagrams } from "./datagram_listener.ts";

const ENOENT = 2, ECONNREFUSED = 111, EAGAIN = 11;
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("connectUnixDatagram() sends datagrams one by one, and is an errno where nobody listens", async () => {
  const folder = Deno.makeTempDirSync();
  assert.equal(connectUnixDatagram(`${folder}/none`, 100), ENOENT);
  assert.equal(connectUnixDatagram(`@fwknop-nobody-${Deno.pid}`, 100), ECONNREFUSED);
  const receiver = await listenDatagrams(`${folder}/socket`);
  const socket = connectUnixDatagram(`${folder}/socket`, 100);
  assert.ok(typeof socket !== "number");
  assert.equal(socket.send(bytes("one"), false), 0);
  assert.equal(socket.send(bytes("two"), true), 0);
  assert.equal(await receiver.next(), "one");
  assert.equal(await receiver.next(), "two");
  await receiver.end();
  assert.equal(socket.send(bytes("three"), false), ECONNREFUSED);
  socket[Symbol.dispose]();
  socket[Symbol.dispose]();
  assert.throws(() => socket.send(bytes("four"), false), TypeError);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("a receiver that reads nothing: EAGAIN at once, and after the wait that was given", async () => {
  const folder = Deno.makeTempDirSync();
  const receiver = await listenDatagrams(`${folder}/socket`, { silent: true });
  const socket = connectUnixDatagram(`${folder}/socket`, 20);
  assert.ok(typeof socket !== "number");
  const codes = Array.from({ length: 2000 }, () => socket.send(bytes("x".repeat(500)), false));
  assert.deepEqual([codes[0], codes.at(-1)], [0, EAGAIN]);
  assert.equal(socket.send(bytes("x"), true), EAGAIN);
  socket[Symbol.dispose]();
  await receiver.end();
  Deno.removeSync(folder, { recursive: true });
});
