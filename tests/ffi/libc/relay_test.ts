import assert from "node:assert/strict";

const CHILD = new URL("./relay_child.ts", import.meta.url).pathname;

function relayTo(port: number, stdin: "piped" | "null" = "piped") {
  const args = ["run", "--no-prompt", "--allow-ffi", CHILD, "127.0.0.1", String(port)];
  return new Deno.Command(Deno.execPath(), { args, stdin, stdout: "piped", stderr: "piped" }).spawn();
}

/** Bytes that repeat nowhere near, so that a lost or doubled chunk shows. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 2654435761);
  return new Uint8Array(words.buffer);
}

async function hash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function readToEnd(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("relay() passes on the end of input and still brings the whole answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("question"));
  await writer.close();
  using socket = await listener.accept();
  const heard = new Uint8Array(100);
  assert.equal(await socket.read(heard), 8);
  assert.equal(await socket.read(heard), null, "the server sees the end");
  await socket.write(new TextEncoder().encode("a late answer"));
  await socket.closeWrite();
  const { stdout, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stdout), "a late answer");
  assert.match(new TextDecoder().decode(stderr), /"sent":8,"received":13/);
});

Deno.test("relay() carries megabytes both ways at once, unchanged", async () => {
  const size = 8 * 1024 * 1024;
  const sent = pattern(size);
  const answered = pattern(size).reverse();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port);
  const stderr = new Response(child.stderr).text();
  const output = readToEnd(child.stdout);
  const writer = child.stdin.getWriter();
  const feeding = writer.write(sent).then(() => writer.close());
  using socket = await listener.accept();
  const answering = (async () => {
    for (let done = 0; done < size;) done += await socket.write(answered.subarray(done));
    await socket.closeWrite();
  })();
  const heard = new Uint8Array(size);
  for (let have = 0; have < size;) have += await socket.read(heard.subarray(have)) ?? assert.fail("ended too early");
  assert.equal(await socket.read(new Uint8Array(1)), null);
  await Promise.all([feeding, answering]);
  assert.equal(await hash(heard), await hash(sent));
  assert.equal(await hash(await output), await hash(answered));
  assert.deepEqual(JSON.parse(await stderr), { sent: size, received: size });
  assert.equal((await child.status).code, 0);
});

Deno.test("relay() shows the reader of a pipe the end of the answer while input is still open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port);
  using socket = await listener.accept();
  await socket.write(new TextEncoder().encode("bye"));
  await socket.closeWrite();
  assert.equal(new TextDecoder().decode(await readToEnd(child.stdout)), "bye");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("still here"));
  const heard = new Uint8Array(10);
  assert.equal(await socket.read(heard), 10);
  await writer.close();
  assert.equal(await socket.read(heard), null);
  assert.match(await new Response(child.stderr).text(), /"sent":10,"received":3/);
  await child.status;
});

Deno.test("relay() ends when the server is gone and input has ended", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port, "null");
  (await listener.accept()).close();
  const { code, stderr } = await child.output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stderr), /"sent":0,"received":0/);
});

Deno.test("relay() ends when the connection is reset although nobody types anything", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("never read"));
  const socket = await listener.accept();
  await socket.write(new TextEncoder().encode("hello"));
  const output = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await output.read()).value), "hello");
  // Closed with bytes that nobody has read: the kernel resets the connection.
  socket.close();
  assert.equal((await child.status).code, 0);
  await Promise.all([output.cancel(), writer.abort().catch(() => {}), child.stderr.cancel()]);
});

Deno.test("relay() ends when input has ended and nobody reads output, although the server says nothing", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = relayTo(listener.addr.port);
  using socket = await listener.accept();
  await child.stdin.close();
  assert.equal(await socket.read(new Uint8Array(1)), null);
  await child.stdout.cancel();
  assert.equal((await child.status).code, 0);
  await child.stderr.cancel();
});
