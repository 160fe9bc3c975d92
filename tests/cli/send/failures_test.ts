/** What keeps a packet from leaving, and what the user is told then: one sentence, the next move, nothing sent. */
import assert from "node:assert/strict";
import { findDestinations, tryEach } from "../../../cli/send/destination.ts";
import { sendPacket, type SendProto } from "../../../cli/send/sender.ts";
import { fromProxy, SendError, type Target } from "../../../cli/send/target.ts";
import { errnoError } from "../../../ffi/libc/errno.ts";
import { captureUdp, closedPort } from "./capture_stream.ts";
import { PACKET } from "./send_namespace.ts";
import { targetOf } from "./targets.ts";

/** Message and hint of what was thrown. */
async function refusal(proto: SendProto, changes: Partial<Target>): Promise<string> {
  try {
    await sendPacket(proto, PACKET, targetOf(changes));
  } catch (error) {
    assert.ok(error instanceof SendError, String(error));
    return `${error.message} | ${error.hint}`;
  }
  return "sent";
}

Deno.test("a source port that is in use is told, over both families", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    await using datagrams = await captureUdp(hostname);
    using streams = Deno.listen({ hostname, port: 0 });
    const taken = { udp: datagrams.port, tcp: streams.addr.port, http: streams.addr.port };
    for (const [proto, sourcePort] of Object.entries(taken)) {
      assert.equal(
        await refusal(proto as SendProto, { host: hostname, port: 9, sourcePort }),
        `Could not create socket: Address already in use (send from port ${sourcePort}, ${hostname}) | ` +
          "choose another source port, or let the system choose",
      );
    }
  }
});

/** Numbers of errno(3) as connect(2) gives them. */
const ERRNOS: readonly (readonly [code: number, pattern: RegExp])[] = [
  [101, /^Could not create socket: Network is unreachable \(connect to port 9, 127\.0\.0\.1\) \| .*no route/],
  [110, /^Could not create socket: Connection timed out \(connect to port 9, 127\.0\.0\.1\) \| nobody answered/],
  [111, /^Could not create socket: Connection refused \(connect to port 9, 127\.0\.0\.1\) \| nothing listens/],
  [113, /^Could not create socket: No route to host \(connect to port 9, 127\.0\.0\.1\) \| the host cannot be reached/],
];

Deno.test("each way in which a connection fails has its hint", async () => {
  const destinations = await findDestinations("127.0.0.1", { port: 9, family: null });
  for (const [code, pattern] of ERRNOS) {
    const attempt = () => {
      throw errnoError(code, "connect", "connect to port 9");
    };
    await assert.rejects(tryEach(destinations, attempt), (error: SendError) => {
      assert.match(`${error.message} | ${error.hint}`, pattern);
      return true;
    });
  }
});

Deno.test("addresses of IPv6 that need a zone, zones that are none, and families are told with the remedy", async () => {
  for (const proto of ["udp", "tcp", "http"] as const) {
    assert.match(await refusal(proto, { host: "fe80::1" }), /"fe80::1" is on every link .* \| .*: fe80::1%eth0$/);
    assert.match(await refusal(proto, { host: "fe80::1%nosuch0" }), /"fe80::1%nosuch0".* \| .*see ip link$/);
    assert.match(
      await refusal(proto, { host: "::1", family: 4 }),
      /IPv6 address.* \| leave -4 \(or --server-resolve-i/,
    );
    assert.match(await refusal(proto, { host: "127.0.0.1", family: 6 }), /IPv4 address.* \| leave -6 out/);
  }
});

Deno.test("a proxy that goes away before it takes the request is told", async () => {
  const port = closedPort();
  const httpProxy = { host: "127.0.0.1", port };
  assert.match(await refusal("http", { httpProxy }), /^Could not create socket: Connection refused/);
  const reset = () => Promise.reject(errnoError(104, "read", "read from descriptor 21"));
  await assert.rejects(fromProxy('the proxy "127.0.0.1"', reset), (error: SendError) => {
    assert.equal(error.message, 'Cannot send through the proxy "127.0.0.1": Connection reset by peer');
    return error.hint === "check host and port of the proxy, and its log";
  });
  assert.match(
    await refusal("http", { httpProxy: { host: "no-such-proxy.invalid", port: 3128 } }),
    /^error in getaddrinfo: .* \("no-such-proxy\.invalid"\)/,
  );
});
