/**
 * What the kernel could not hand to a running daemon, because nobody had made room: asked of the daemon's own sockets, which
 * pidfd_getfd(2) gives to this process, so that it says the same of every daemon.
 */

const libc = Deno.dlopen("libc.so.6", {
  /** long syscall(long number, ...) */
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
}).symbols;

/** The same on x86-64 and arm64. */
const PIDFD_OPEN = 434n, PIDFD_GETFD = 438n;
const SOL_PACKET = 263, PACKET_STATISTICS = 6;

/** Packets of the capture, which are counted while they are asked for again and again. */
export interface CaptureCounts {
  /** Packets that passed the filter of the capture, lost ones included. */
  readonly seen: number;
  readonly lost: number;
}

/**
 * Of all packet sockets of a process, since it was asked for the last time. Libpcap's own counters in that process miss what is
 * told here.
 */
export function takeCaptureCounts(pid: number): CaptureCounts {
  const pidfd = Number(libc.syscall(PIDFD_OPEN, BigInt(pid), 0n, 0n));
  if (pidfd < 0) throw new Error(`process ${pid} cannot be opened`);
  try {
    let seen = 0, lost = 0;
    for (const theirs of packetSockets(pid)) {
      const fd = Number(libc.syscall(PIDFD_GETFD, BigInt(pidfd), BigInt(theirs), 0n));
      if (fd < 0) throw new Error(`descriptor ${theirs} of process ${pid} cannot be taken`);
      // struct tpacket_stats: tp_packets, tp_drops, and of later versions of the ring a third one.
      const counters = new Uint32Array(3);
      const failed = libc.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, counters, new Uint32Array([12])) !== 0;
      libc.close(fd);
      if (failed) throw new Error(`descriptor ${theirs} of process ${pid} tells no statistics`);
      [seen, lost] = [seen + counters[0]!, lost + counters[1]!];
    }
    return { seen, lost };
  } finally {
    libc.close(pidfd);
  }
}

/** Packets that the sockets of that port had no room for since they were opened, in the network namespace of a process. */
export function udpLosses(pid: number, port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["udp", "udp6"].flatMap((kind) =>
    Deno.readTextFileSync(`/proc/${pid}/net/${kind}`).trim().split("\n").slice(1)
  )
    .map((line) => line.trim().split(/\s+/))
    .reduce((sum, fields) => fields[1]!.endsWith(wanted) ? sum + Number(fields.at(-1)) : sum, 0);
}

function packetSockets(pid: number): number[] {
  const inodes = Deno.readTextFileSync(`/proc/${pid}/net/packet`).trim().split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/).at(-1)!);
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => name)
    .filter((name) => inodes.includes(/^socket:\[(\d+)\]$/.exec(linkOf(pid, name))?.[1] ?? ""))
    .map(Number);
}

/** Descriptors come and go. */
function linkOf(pid: number, fd: string): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/fd/${fd}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
