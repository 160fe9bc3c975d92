/**
 * What capture costs: microseconds from a send on the other end of a cable to the packet in JavaScript, and packets a
 * second that are drained under a flood. Prints numbers; asserts nothing. Needs root: `deno run -A bench/capture.ts`.
 */
import { openCaptureFileSource } from "../daemon/packet/offline.ts";
import { openPcapSource } from "../daemon/packet/pcap.ts";
import type { PacketSource } from "../daemon/packet/datagram.ts";
import { openUdpSource } from "../daemon/packet/udp.ts";
import { ownOptions } from "./options.ts";
import { Waiter } from "../ffi/libc/poll.ts";
import { ADDRESS, Cable } from "../tests/daemon/packet/cable.ts";
import { bindSocket, closeSocket, connectDatagram, sendDatagram } from "../tests/lab/sockets.ts";
import { captureFile, ethernet, ipv4, payloadOf, udp } from "../tests/lib/net/frame_bytes.ts";

const PORT = 62201;
const SAMPLES = 2000;
const FLOOD_MS = 2000;
/** As in the run loop. */
const BATCH = 256;

const AF_INET = 2;
const SOCK_DGRAM = 2;
const libc = Deno.dlopen("libc.so.6", { socket: { parameters: ["i32", "i32", "i32"], result: "i32" } });

const sources: Readonly<Record<string, () => PacketSource>> = {
  pcap: () => {
    const source = openPcapSource({
      device: "wire",
      filter: `udp port ${PORT}`,
      snaplen: 1500,
      promiscuous: false,
      direction: "in",
    });
    // Somebody has the port, so that the kernel does not answer each packet with an ICMP error.
    const listener = newSocket();
    bindSocket(listener, "0.0.0.0", PORT, "udp");
    return {
      ...source,
      [Symbol.dispose]() {
        source[Symbol.dispose]();
        closeSocket(listener);
      },
    };
  },
  udp: () => openUdpSource({ port: PORT, clock: Date.now }),
};

if (Deno.args[0] === "flood") flood(Number(Deno.args[1]));
else {
  ownOptions({}, import.meta.url);
  await main();
}

async function main(): Promise<void> {
  using cable = new Cable();
  for (const [name, open] of Object.entries(sources)) {
    using source = cable.inside("near", open);
    print(`${name}: send -> JavaScript`, await latencies(cable, source));
  }
  for (const size of [20, 230]) {
    for (const [name, open] of Object.entries(sources)) {
      using source = cable.inside("near", open);
      console.log(`${name}: flood of ${size}-byte payloads: ${await drained(cable, source, size)}`);
    }
  }
  for (const size of [20, 230]) console.log(`file: ${size}-byte payloads: ${offline(size)}`);
}

async function latencies(cable: Cable, source: PacketSource): Promise<number[]> {
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  const fd = cable.inside("far", newSocket);
  connectDatagram(fd, ADDRESS.near[4], PORT);
  const payload = payloadOf(230);
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    // The daemon is idle when a knock comes: let the waiting thread fall asleep first.
    const wait = waiter.wait(1000);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const start = performance.now();
    sendDatagram(fd, payload);
    await wait;
    const batch = source.read(BATCH);
    if (batch.datagrams.length > 0) samples.push((performance.now() - start) * 1000);
  }
  closeSocket(fd);
  return samples;
}

async function drained(cable: Cable, source: PacketSource, size: number): Promise<string> {
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  const program = new URL(import.meta.url).pathname;
  const sender = new Deno.Command("ip", {
    args: [
      "netns",
      "exec",
      cable.name("far"),
      Deno.execPath(),
      "run",
      "--no-check",
      "-A",
      program,
      "flood",
      `${size}`,
    ],
    stdout: "piped",
  }).spawn();
  let [taken, datagrams, wakes] = [0, 0, 0];
  let [first, last] = [0, 0];
  while ((await waiter.wait(first === 0 ? 10_000 : 300)).size > 0) {
    if (first === 0) first = performance.now();
    const batch = source.read(BATCH);
    [taken, datagrams, wakes] = [taken + batch.taken, datagrams + batch.datagrams.length, wakes + 1];
    last = performance.now();
  }
  const sent = Number(new TextDecoder().decode((await sender.output()).stdout));
  const rate = Math.round(taken / (last - first));
  const lost = source.statistics()?.dropped ?? 0;
  return `${sent} sent, ${taken} taken (${rate}k/s in ${wakes} wake-ups), ${lost} lost, ${datagrams} handed on`;
}

function newSocket(): number {
  return libc.symbols.socket(AF_INET, SOCK_DGRAM, 0);
}

/** The sender, in a process of its own on the far end: as many datagrams as it can. */
function flood(size: number): void {
  const payload = payloadOf(size);
  const fd = newSocket();
  connectDatagram(fd, ADDRESS.near[4], PORT);
  let sent = 0;
  const end = performance.now() + FLOOD_MS;
  while (performance.now() < end) for (let i = 0; i < 100; i++) if (sendDatagram(fd, payload)) sent++;
  console.log(sent);
}

function offline(size: number): string {
  const frame = ethernet(0x0800, ipv4(udp(payloadOf(size))));
  const path = Deno.makeTempFileSync({ suffix: ".pcap" });
  Deno.writeFileSync(path, captureFile(Array.from({ length: 20_000 }, () => frame), { linkType: 1 }));
  let taken = 0;
  let spent = 0;
  for (let round = 0; round < 20; round++) {
    using source = openCaptureFileSource({ path, filter: "", from: "begin" });
    const start = performance.now();
    for (let batch = source.read(BATCH); !batch.ended; batch = source.read(BATCH)) taken += batch.taken;
    spent += performance.now() - start;
  }
  Deno.removeSync(path);
  return `${Math.round(spent / taken * 1e6)} ns a packet`;
}

function print(what: string, samples: number[]): void {
  samples.sort((a, b) => a - b);
  const at = (share: number) => Math.round(samples[Math.floor(samples.length * share)] ?? NaN);
  console.log(`${what}: median ${at(0.5)} us, p95 ${at(0.95)} us, p99 ${at(0.99)} us (${samples.length} packets)`);
}
