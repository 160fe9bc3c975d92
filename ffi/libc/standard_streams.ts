/** What standard input and output are, as far as it tells what their other end expects. */
import { AF_UNIX } from "../abi.ts";
import { lazyLibc } from "./errno.ts";
import { processName } from "./proc_self.ts";

const libc = lazyLibc({
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** pid_t getppid(void) */
  getppid: { parameters: [], result: "i32" },
});

const STDOUT = 1;
/** sizeof(struct sockaddr_un) */
const ADDRESS_SIZE = 110;

/**
 * Whether the parent is an ssh with `ProxyUseFdpass yes`: then standard output is a Unix socket, while for an ordinary
 * ProxyCommand ssh makes pipes. Other programs that hand out sockets (socat, for one) want bytes, so the name counts too.
 *
 * @tags allow-ffi
 */
export function parentWantsDescriptor(): boolean {
  return isUnixSocket(STDOUT) && processName(libc().getppid()) === "ssh";
}

/** Whether the descriptor is a socket of this machine. */
function isUnixSocket(fd: number): boolean {
  const address = new DataView(new ArrayBuffer(ADDRESS_SIZE));
  const length = new Uint8Array(new Uint32Array([ADDRESS_SIZE]).buffer);
  return libc().getsockname(fd, new Uint8Array(address.buffer), length) === 0 && address.getUint16(0, true) === AF_UNIX;
}
