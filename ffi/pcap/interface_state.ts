/** Whether an interface is up: libpcap says when one is gone, but passes over one that was taken down. */
import { lazyLibrary } from "../loader.ts";

const libc = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  /** int ioctl(int fd, unsigned long request, struct ifreq *ifr) */
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
});

const SIOCGIFFLAGS = 0x8913n;
const IFF_UP = 1;
/** struct ifreq: char ifr_name[IFNAMSIZ]; a union of 24 bytes that starts with short ifr_flags */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;

/**
 * Whether the interface is there and down. False where the kernel does not know the name: `any` and the capture devices
 * that are no network interfaces.
 *
 * @param fd any socket, e.g. that of the capture
 */
export function interfaceIsDown(fd: number, name: string): boolean {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length >= IFNAMSIZ) return false;
  const request = new DataView(new ArrayBuffer(IFREQ_SIZE));
  const bytes = new Uint8Array(request.buffer);
  bytes.set(encoded);
  if (libc().ioctl(fd, SIOCGIFFLAGS, bytes) < 0) return false;
  return (request.getUint16(IFNAMSIZ, true) & IFF_UP) === 0;
}
