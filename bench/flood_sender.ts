/**
 * Sends junk at a pace that no script reaches, for `flood.ts`, which starts it in a namespace of a lab:
 *
 *     deno run -A bench/flood_sender.ts --to=ADDRESS --rate=N --seconds=N [--from=ADDRESS]
 *         [--sources=N]
 *
 * Packets have the shape of the stock client's, by keys that nobody has, and each has a text of its own; by a raw socket and
 * sendmmsg(2), some dozens with each call. `--from` is their one source; without it each has one of `--sources`
 * by chance: those from 198.18.0.0 on, which are for benchmarks (RFC 2544), or, without that, any address. It ends after that many seconds, or with SIGTERM, and then says what it
 * sent. It runs in the network of a lab and nowhere else.
 */
import { parseIp } from "../lib/net/address.ts";
import { craftUdp } from "../lib/net/craft.ts";
import { socketAddress } from "../tests/lab/sockets.ts";
import { NAMESPACES } from "../tests/lab/stale.ts";
import { ownOptions } from "./options.ts";
import { sealAccess } from "./packets.ts";
import { cpuMilliseconds } from "./process_cost.ts";

const OPTIONS = ownOptions({ to: "ADDRESS", rate: "N", seconds: "N", from: "ADDRESS", sources: "N" }, import.meta.url);
const TO = OPTIONS.value("to") ?? "";
const RATE = Number(OPTIONS.value("rate"));
const SECONDS = Number(OPTIONS.value("seconds"));
const FROM = OPTIONS.value("from");
const SOURCES = OPTIONS.value("sources") === null ? null : Number(OPTIONS.value("sources"));

/** What a run may ask for at most. */
const MOST = { rate: 200_000, seconds: 600 } as const;
/** Packets that are there, and that one call sends at most. */
const POOL = 128;
/** Milliseconds between two calls; what is due after a longer absence than {@link LATE_MS} is left out, not made up for. */
const PIECE_MS = 2, LATE_MS = 20;
const KNOCK_PORT = 62201;
const FIRST_SOURCE = (198 << 24 | 18 << 16) >>> 0;

const AF_INET = 2, SOCK_RAW = 3, SOCK_CLOEXEC = 0o2000000, IPPROTO_RAW = 255;
const IP_SOURCE = 12, IP_HEADER = 20, UDP_HEADER = 8;
/** struct mmsghdr: struct msghdr (56 bytes), unsigned msg_len. struct iovec: base, length. */
const MMSGHDR_SIZE = 64, IOVEC_SIZE = 16;
const LETTERS = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
}).symbols;

function addressOf(text: string) {
  const parsed = parseIp(text);
  if (!parsed.ok || parsed.value.family !== 4) throw new Error(`"${text}" is no IPv4 address`);
  return parsed.value;
}

/** A whole IP packet by keys of its own. */
async function junk(): Promise<Uint8Array<ArrayBuffer>> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const text = await sealAccess({ allow: "192.0.2.1", service: "tcp/22" }, {
    encryption: random(32),
    hmac: random(64),
  });
  const route = { source: addressOf(FROM ?? "198.18.0.0"), destination: addressOf(TO), id: 0 };
  const packet = craftUdp(
    route,
    { sourcePort: 40_000, destinationPort: KNOCK_PORT },
    new TextEncoder().encode(text),
  );
  // No checksum: its bytes change.
  new DataView(packet.buffer).setUint16(IP_HEADER + 6, 0);
  return packet;
}

/** The messages of one call, which point at the packets. */
function messagesOf(packets: readonly Uint8Array<ArrayBuffer>[], to: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const vectors = new DataView(new ArrayBuffer(packets.length * IOVEC_SIZE));
  const messages = new DataView(new ArrayBuffer(packets.length * MMSGHDR_SIZE));
  const vectorsAt = pointerTo(new Uint8Array(vectors.buffer)), toAt = pointerTo(to);
  for (const [i, packet] of packets.entries()) {
    vectors.setBigUint64(i * IOVEC_SIZE, pointerTo(packet), true);
    vectors.setBigUint64(i * IOVEC_SIZE + 8, BigInt(packet.length), true);
    // msg_name, msg_namelen, msg_iov, msg_iovlen; no control message.
    messages.setBigUint64(i * MMSGHDR_SIZE, toAt, true);
    messages.setUint32(i * MMSGHDR_SIZE + 8, to.length, true);
    messages.setBigUint64(i * MMSGHDR_SIZE + 16, vectorsAt + BigInt(i * IOVEC_SIZE), true);
    messages.setBigUint64(i * MMSGHDR_SIZE + 24, 1n, true);
  }
  kept.push(vectors);
  return new Uint8Array(messages.buffer);
}

/** What only the kernel looks at must not be collected. */
const kept: unknown[] = [];

function pointerTo(bytes: Uint8Array<ArrayBuffer>): bigint {
  kept.push(bytes);
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** Another text, and, unless there is one source, another source. */
function renew(packet: Uint8Array<ArrayBuffer>): void {
  const payload = IP_HEADER + UDP_HEADER;
  for (let i = 0; i < 8; i++) packet[payload + 20 + i] = LETTERS[Math.random() * 64 | 0]!;
  packet[IP_HEADER + 1] = Math.random() * 256 | 0;
  if (FROM !== null) return;
  const source = SOURCES === null ? Math.random() * 2 ** 32 : FIRST_SOURCE + Math.random() * SOURCES;
  for (let i = 0; i < 4; i++) packet[IP_SOURCE + i] = source >>> (24 - 8 * i) & 0xff;
}

/** How many were sent. */
async function flood(packets: readonly Uint8Array<ArrayBuffer>[], isStopped: () => boolean): Promise<number> {
  const fd = libc.socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd < 0) throw new Error("no raw socket can be opened");
  const messages = messagesOf(packets, socketAddress(TO, 0));
  const begin = performance.now();
  let sent = 0, leftOut = 0;
  for (let now = 0; now < SECONDS * 1000 && !isStopped(); now = performance.now() - begin) {
    const due = Math.floor(now * RATE / 1000) - leftOut - sent;
    leftOut += Math.max(0, due - Math.ceil(RATE * LATE_MS / 1000));
    for (let left = Math.min(due, Math.ceil(RATE * LATE_MS / 1000)); left > 0;) {
      const count = Math.min(left, packets.length);
      for (let i = 0; i < count; i++) renew(packets[i]!);
      const done = libc.sendmmsg(fd, messages, count, 0);
      if (done <= 0) throw new Error("sendmmsg sends nothing");
      [sent, left] = [sent + done, left - done];
    }
    await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
  }
  return sent;
}

/** Whether this is a network namespace of a lab. */
function isInLab(): boolean {
  const { ino } = Deno.statSync("/proc/self/ns/net");
  return [...Deno.readDirSync(NAMESPACES)].some(({ name }) =>
    name.startsWith("fwlab-") && Deno.statSync(`${NAMESPACES}/${name}`).ino === ino
  );
}

if (!isInLab()) throw new Error("this is no network of a lab");
if (!(RATE > 0 && RATE <= MOST.rate && SECONDS > 0 && SECONDS <= MOST.seconds)) {
  throw new Error(`--rate from 1 to ${MOST.rate} and --seconds from 1 to ${MOST.seconds} are needed`);
}
let stopped = false;
Deno.addSignalListener("SIGTERM", () => void (stopped = true));
const packets = await Promise.all(Array.from({ length: POOL }, junk));
console.log("sending");
const [begin, cpu] = [performance.now(), cpuMilliseconds(Deno.pid)];
const sent = await flood(packets, () => stopped);
const seconds = (performance.now() - begin) / 1000;
console.log(JSON.stringify({ sent, seconds, cpuShare: (cpuMilliseconds(Deno.pid) - cpu) / 1000 / seconds }));
Deno.exit(0);
