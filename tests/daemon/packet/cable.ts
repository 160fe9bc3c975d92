/**
 * Two hosts on one cable, for tests of capture: network namespaces of this process's own, joined by a veth pair.
 * Code can be run as if on either host, because a socket stays in the
 * namespace that it was made in.
 */
import { bindSocket, closeSocket, connectDatagram, familyOf, sendDatagram } from "../../lab/sockets.ts";

const libc = Deno.dlopen("libc.so.6", {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
});

const CLONE_NEWNET = 0x4000_0000;
const O_CLOEXEC = 0o2000000;
const SOCK_RAW = 3, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const AF_PACKET = 17;

export type End = "near" | "far";

/** Addresses of both ends. */
export const ADDRESS = {
  near: { 4: "10.79.0.1", 6: "fd79::1" },
  far: { 4: "10.79.0.2", 6: "fd79::2" },
} as const;

export class Cable implements Disposable {
  readonly #names: Readonly<Record<End, string>>;
  readonly #ends: Readonly<Record<End, number>>;
  readonly #home: number;

  constructor() {
    const prefix = `fwcap-${crypto.randomUUID()}`;
    this.#names = { near: `${prefix}-near`, far: `${prefix}-far` };
    try {
      for (const name of Object.values(this.#names)) ip(`netns add ${name}`);
      ip(`link add wire netns ${this.#names.near} type veth peer name wire netns ${this.#names.far}`);
      for (const end of ["near", "far"] as const) this.#configure(end);
    } catch (error) {
      this.#remove();
      throw error;
    }
    this.#home = open("/proc/thread-self/ns/net");
    this.#ends = { near: open(`/run/netns/${this.#names.near}`), far: open(`/run/netns/${this.#names.far}`) };
    this.#settle();
  }

  /** The namespace of an end, as `ip netns` knows it. */
  name(end: End): string {
    return this.#names[end];
  }

  /** Runs `body` on one end. It must not wait for anything: the whole thread is there. */
  inside<Value>(end: End, body: () => Value): Value {
    enter(this.#ends[end]);
    try {
      return body();
    } finally {
      enter(this.#home);
    }
  }

  /** Runs `ip` on one end. */
  ip(end: End, command: string): void {
    ip(command, ["-n", this.#names[end]]);
  }

  /** Sends a datagram from one end, optionally from a port of ours. */
  send(from: End, to: string, port: number, payload: Uint8Array<ArrayBuffer>, sourcePort = 0): void {
    this.inside(from, () => {
      const family = familyOf(to);
      const fd = libc.symbols.socket(family === 4 ? 2 : 10, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      try {
        if (sourcePort !== 0) bindSocket(fd, family === 4 ? "0.0.0.0" : "::", sourcePort, "udp");
        connectDatagram(fd, to, port);
        if (!sendDatagram(fd, payload)) throw new Error(`cannot send to ${to}`);
      } finally {
        closeSocket(fd);
      }
    });
  }

  /** Puts a whole Ethernet frame on the wire from one end. */
  sendFrame(from: End, frame: Uint8Array<ArrayBuffer>): void {
    this.inside(from, () => {
      const fd = libc.symbols.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
      // struct sockaddr_ll: family, protocol, ifindex, hatype, pkttype, halen, addr[8]
      const where = new DataView(new ArrayBuffer(20));
      where.setUint16(0, AF_PACKET, true);
      where.setInt32(4, this.#index(from), true);
      where.setUint8(11, 6);
      const count = libc.symbols.sendto(fd, frame, BigInt(frame.length), 0, new Uint8Array(where.buffer), 20);
      libc.symbols.close(fd);
      if (Number(count) !== frame.length) throw new Error("cannot send a frame");
    });
  }

  [Symbol.dispose](): void {
    for (const fd of [this.#home, this.#ends.near, this.#ends.far]) libc.symbols.close(fd);
    this.#remove();
  }

  #index(end: End): number {
    return JSON.parse(ip("-json link show dev wire", ["-n", this.#names[end]]))[0].ifindex;
  }

  #configure(end: End): void {
    const net = ["-n", this.#names[end]];
    ip("link set lo up", net);
    // So that the longest SPA packet is one frame.
    ip("link set wire mtu 4000 up", net);
    ip(`address add ${ADDRESS[end][4]}/24 dev wire`, net);
    ip(`address add ${ADDRESS[end][6]}/64 dev wire nodad`, net);
  }

  /** Until neighbours are known, the first packets would be late or lost: so they are made known. */
  #settle(): void {
    for (const [end, other] of [["near", "far"], ["far", "near"]] as const) {
      const mac = JSON.parse(ip("-json link show dev wire", ["-n", this.#names[other]]))[0].address;
      for (const family of [4, 6] as const) {
        this.ip(end, `neighbour replace ${ADDRESS[other][family]} lladdr ${mac} dev wire`);
      }
    }
  }

  #remove(): void {
    for (const name of Object.values(this.#names)) {
      new Deno.Command("ip", { args: ["netns", "del", name], stdout: "null", stderr: "null" }).outputSync();
    }
  }
}

function ip(command: string, before: readonly string[] = []): string {
  const args = [...before, ...command.split(" ")];
  const { code, stderr, stdout } = new Deno.Command("ip", { args }).outputSync();
  if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function enter(namespace: number): void {
  if (libc.symbols.setns(namespace, CLONE_NEWNET) !== 0) throw new Error("cannot enter a network namespace");
}

function open(path: string): number {
  const fd = libc.symbols.open(new TextEncoder().encode(`${path}\0`), O_CLOEXEC);
  if (fd < 0) throw new Error(`cannot open ${path}`);
  return fd;
}
