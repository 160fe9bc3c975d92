import assert from "node:assert/strict";
import { closeFd } from "../../../ffi/libc/fd.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { openStreamListener } from "../../../ffi/libc/stream_listener.ts";

Deno.test({
  name: "openStreamListener() takes a connection and says whose it is, and never waits for one",
  sanitizeResources: false,
  fn: async () => {
    using listener = openStreamListener({ port: 0, backlog: 4, receiveBuffer: 4096 });
    assert.deepEqual(listener.accept(), { kind: "none" });
    using waiter = new Waiter();
    waiter.watch(listener.fd);
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
    assert.deepEqual([...await waiter.wait(3000)], [listener.fd]);
    const accepted = listener.accept();
    assert.ok(accepted.kind === "connection");
    closeFd(accepted.fd);
    assert.deepEqual([...accepted.address.slice(-4)], [127, 0, 0, 1]);
    assert.equal(connection.remoteAddr.transport, "tcp");
    assert.deepEqual(listener.accept(), { kind: "none" });
  },
});
