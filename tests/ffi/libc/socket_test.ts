import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { connectDatagram, connectStream, firstConnected, startConnect } from "../../../ffi/libc/socket.ts";

function loopback(port: number, family: 4 | 6 = 4) {
  const bytes = new Uint8Array(family === 4 ? [127, 0, 0, 1] : [...Array(15).fill(0), 1]);
  return { family, bytes, scopeId: 0, port };
}

function errnoIs(code: number, hint?: RegExp) {
  return (error: unknown) =>
    error instanceof FfiError && error.details.code === code && (hint?.test(error.details.hint ?? "") ?? true);
}

Deno.test("connectDatagram() tells the own address towards a server and sends from the port asked for", () => {
  using probe = connectDatagram(loopback(9));
  assert.deepEqual(probe.localAddress().bytes, new Uint8Array([127, 0, 0, 1]));
  const { port } = probe.localAddress();
  assert.notEqual(port, 0);
  assert.throws(() => connectDatagram(loopback(9), { sourcePort: port }), errnoIs(98, /another source port/));
  using other = connectDatagram(loopback(9), {
    sourceAddress: { ...loopback(0), bytes: new Uint8Array([127, 0, 0, 9]) },
  });
  assert.deepEqual(other.localAddress().bytes, new Uint8Array([127, 0, 0, 9]));
});

Deno.test("connectStream() talks over both families, from the port asked for, and again at once from the same", async () => {
  for (const family of [4, 6] as const) {
    using listener = Deno.listen({ hostname: family === 4 ? "127.0.0.1" : "::1", port: 0 });
    using free = connectDatagram(loopback(9, family));
    const sourcePort = free.localAddress().port;
    for (let round = 0; round < 2; round++) {
      using socket = await connectStream(loopback(listener.addr.port, family), { sourcePort, timeoutMs: 5000 });
      using server = await listener.accept();
      assert.equal(server.remoteAddr.port, sourcePort);
      await socket.write(new TextEncoder().encode("ping"));
      const heard = new Uint8Array(10);
      assert.equal(await server.read(heard), 4);
      await server.write(new TextEncoder().encode("pong"));
      assert.equal(await socket.read(heard), 4);
      assert.equal(await socket.read(heard, 1), null, "nothing more within a millisecond");
      server.close();
      assert.equal(await socket.read(heard), 0);
    }
  }
});

Deno.test("connectStream() fails with the errno: refused, and timed out where nobody answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(connectStream(loopback(port), { timeoutMs: 5000 }), errnoIs(111));
  await using full = await fullListener();
  await assert.rejects(connectStream(loopback(full.port), { timeoutMs: 20 }), errnoIs(110));
});

Deno.test("firstConnected() tells which attempts are decided and leaves the rest going", async () => {
  await using full = await fullListener();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using stuck = startConnect(loopback(full.port));
  assert.deepEqual(await firstConnected([stuck], 5), { connected: [], failed: [] });
  using good = startConnect(loopback(listener.addr.port));
  const outcome = await firstConnected([stuck, good], 5000);
  assert.deepEqual(outcome, { connected: [1], failed: [] });
});

Deno.test("a closed socket refuses to be used", () => {
  const socket = connectDatagram(loopback(9));
  socket[Symbol.dispose]();
  socket[Symbol.dispose]();
  assert.throws(() => socket.sendDatagram(new Uint8Array(1)), TypeError);
});

/** A listener whose queue is full: the kernel leaves further connections without an answer. */
async function fullListener(): Promise<AsyncDisposable & { readonly port: number }> {
  const script = `import socket,sys
l=socket.socket(); l.bind(("127.0.0.1",0)); l.listen(0)
k=[socket.socket() for _ in range(3)]
[(s.setblocking(False),s.connect_ex(l.getsockname())) for s in k]
print(l.getsockname()[1],flush=True); sys.stdin.read()`;
  const child = new Deno.Command("python3", { args: ["-c", script], stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await child.stdin.close().catch(() => {});
    },
  };
}
