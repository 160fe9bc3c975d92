/**
 * Whether an interface is up, and which one has a name: libpcap says when one is gone, but passes over one that was taken
 * down, and stays with one that was renamed.
 */
import { lazyLibrary } from "../loader.ts";

const libc = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  /** int ioctl(int fd, unsigned long request, struct ifreq *ifr) */
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
});

const SIOCGIFFLAGS = 0x8913n;
const SIOCGIFINDEX = 0x8933n;
const IFF_UP = 1;
/** struct ifreq: char ifr_name[IFNAMSIZ]; a union of 24 bytes that starts with short ifr_flags, or with int ifr_ifindex */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;

/**
 * Whether the interface is there and down. False where the kernel does not know the name: `any` and the capture devices
 * that are no network interfaces.
 *
 * @param fd any socket, e.g. that of the capture
 */
export function interfaceIsDown(fd: number, name: string): boolean {
  const answer = ask(fd, name, SIOCGIFFLAGS);
  return answer !== null && (answer.getUint16(IFNAMSIZ, true) & IFF_UP) === 0;
}

/** The number of the interface that has this name now; null where none has. */
export function interfaceIndex(fd: number, name: string): number | null {
  return ask(fd, name, SIOCGIFINDEX)?.getInt32(IFNAMSIZ, true) ?? null;
}

function ask(fd: number, name: string, what: bigint): DataView | null {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length >= IFNAMSIZ) return null;
  const request = new DataView(new ArrayBuffer(IFREQ_SIZE));
  const bytes = new Uint8Array(request.buffer);
  bytes.set(encoded);
  return libc().ioctl(fd, what, bytes) < 0 ? null : request;
}
