/** A program with the daemon's narrow right to native code, which gives even that up. For permissions_test.ts. */
import { openUdpSource } from "../../../daemon/packet/udp.ts";
import { openPcapSource } from "../../../daemon/packet/pcap.ts";
import { loadRemainingTables } from "../../../ffi/loader.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { loopbackSender } from "./loopback.ts";

const source = openUdpSource({ port: 0, clock: Date.now });
const port = Number(/port (\d+)/.exec(source.banner[0] ?? "")?.[1]);
const live = Deno.args[0] === "live"
  ? openPcapSource({ device: "lo", filter: `udp port ${port}`, snaplen: 1500, promiscuous: false, direction: "in" })
  : null;
const waiter = new Waiter();
const send = loopbackSender("127.0.0.1", port);
loadRemainingTables();
Deno.permissions.revokeSync({ name: "ffi" });

for (const each of [source, live]) {
  if (each === null || each.fd === null) continue;
  waiter.watch(each.fd);
  send(new Uint8Array(200));
  const ready = await waiter.wait(3000);
  waiter.unwatch(each.fd);
  console.log(ready.has(each.fd), each.read(10).datagrams.length > 0, each.read(10).taken, each.statistics()?.dropped);
  each[Symbol.dispose]();
}
waiter[Symbol.dispose]();
console.log(Deno.permissions.querySync({ name: "ffi" }).state);
