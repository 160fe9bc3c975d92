/** `--socks5`: what is said to the proxy, and what the user is told of its answers. */
import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { encodeConnect, requestSocks5 } from "../../../cli/send/socks5.ts";
import { connectStream } from "../../../ffi/libc/socket.ts";
import { captureTcp, closedPort, readAll, readExactly } from "./capture_stream.ts";
import { PACKET } from "./send_namespace.ts";
import { targetOf } from "./targets.ts";

/** By type of address; a name brings its own. */
const ADDRESS_LENGTH: Readonly<Record<number, number>> = { 1: 4, 4: 16 };

/** A SOCKS5 proxy that answers one request with `reply`, byte by byte, and keeps what it was asked and given. */
function socksProxy(reply: readonly number[], method = 0) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using socket = await listener.accept();
    listener.close();
    assert.deepEqual([...await readExactly(socket, 3)], [5, 1, 0]);
    socket.setNoDelay();
    await socket.write(new Uint8Array([5, method]));
    if (method !== 0) return { asked: [], text: await readAll(socket) };
    const asked = [...await readExactly(socket, 5)];
    const length = ADDRESS_LENGTH[asked[3]!] ?? asked[4]! + 1;
    asked.push(...await readExactly(socket, length - 1 + 2));
    for (const byte of reply) await socket.write(new Uint8Array([byte]));
    return { asked, text: await readAll(socket) };
  };
  return { socks5: { host: "127.0.0.1", port: listener.addr.port }, done: serve() };
}

Deno.test("encodeConnect() names hosts, IPv4 and IPv6 as RFC 1928 does, and nothing of this machine", () => {
  assert.deepEqual([...encodeConnect("a.b", 258)], [5, 1, 0, 3, 3, 97, 46, 98, 1, 2]);
  assert.deepEqual([...encodeConnect("192.0.2.1", 1)], [5, 1, 0, 1, 192, 0, 2, 1, 0, 1]);
  const six = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  assert.deepEqual([...encodeConnect("2001:db8::1", 62_201)], [5, 1, 0, 4, ...six, 0xf2, 0xf9]);
  assert.throws(() => encodeConnect("fe80::1%eth0", 1), /"fe80::1%eth0" means something on this machine only/);
  assert.throws(() => encodeConnect("a".repeat(256), 1), /more than 255 bytes/);
});

Deno.test("through SOCKS5 the name is left to the proxy and the packet alone is sent", async () => {
  const bounds = [[1, 0, 0, 0, 0], [3, 2, 97, 98], [4, ...new Array(16).fill(0)]];
  for (const host of ["gw.onion", "192.0.2.1", "2001:db8::1"]) {
    for (const bound of bounds) {
      const { socks5, done } = socksProxy([5, 0, 0, ...bound, 0, 0]);
      const report = await sendPacket("tcp", PACKET, targetOf({ host, socks5 }));
      const { asked, text } = await done;
      assert.deepEqual(asked, [...encodeConnect(host, 62_201)]);
      assert.equal(text, PACKET);
      assert.equal(report.remote, host);
    }
  }
});

/** RFC 1928 section 6, and a number it does not know. */
const REFUSALS: Readonly<Record<number, RegExp>> = {
  1: /general failure/,
  2: /connection not allowed by its rules/,
  3: /network unreachable/,
  4: /host unreachable/,
  5: /connection refused/,
  6: /time to live expired/,
  7: /command not supported/,
  8: /address type not supported/,
  200: /reply 200/,
};

Deno.test("every refusal of a SOCKS5 proxy is told as a sentence, and nothing is sent", async () => {
  for (const [code, pattern] of Object.entries(REFUSALS)) {
    const { socks5, done } = socksProxy([5, Number(code), 0, 1, 0, 0, 0, 0, 0, 0]);
    const sending = sendPacket("tcp", PACKET, targetOf({ host: "gw.example", socks5 }));
    await assert.rejects(sending, (error: Error & { hint?: string }) => {
      assert.match(error.message, /^Could not create socket: the SOCKS5 proxy says: /);
      assert.match(error.message, pattern);
      return /check -D and -p/.test(error.hint ?? "");
    });
    assert.equal((await done).text, "");
  }
  for (const method of [2, 0xff]) {
    const { socks5, done } = socksProxy([], method);
    const sending = sendPacket("tcp", PACKET, targetOf({ host: "gw.example", socks5 }));
    await assert.rejects(sending, /the SOCKS5 proxy: it wants a user and password/);
    assert.equal((await done).text, "");
  }
});

Deno.test("what is no SOCKS5 proxy, goes away or is not there is told", async () => {
  const web = captureTcp({ answer: "HTTP/1.1 400" });
  const to = (port: number) => targetOf({ host: "gw.example", socks5: { host: "127.0.0.1", port } });
  await assert.rejects(sendPacket("tcp", PACKET, to(web.port)), /does not speak SOCKS5/);
  await web.connection;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const leaving = listener.accept().then((socket) => socket.close());
  await assert.rejects(
    sendPacket("tcp", PACKET, to(listener.addr.port)),
    /^SendError: Cannot (use the SOCKS5 proxy: it closed the connection|send through the SOCKS5 proxy: Connection reset)/,
  );
  await leaving;
  listener.close();
  await assert.rejects(sendPacket("tcp", PACKET, to(closedPort())), /Could not create socket: Connection refused/);
});

Deno.test("a SOCKS5 proxy has a time for its whole answer, however it is cut", async () => {
  for (const reply of [[], [5, 0, 0]]) {
    const { socks5, done } = socksProxy(reply);
    const remote = { family: 4, bytes: new Uint8Array([127, 0, 0, 1]), scopeId: 0, port: socks5.port } as const;
    {
      using socket = await connectStream(remote, { timeoutMs: 5000 });
      const talk = requestSocks5(socket, { host: "gw.example", port: 1, patienceMs: 60 });
      await assert.rejects(talk, /Cannot use the SOCKS5 proxy: it does not answer/);
    }
    await done;
  }
});
