/** Handing a descriptor to another process over an AF_UNIX socket (SCM_RIGHTS): what `ProxyUseFdpass` of ssh asks for. */
import { F_GETFL, F_SETFL, MSG_NOSIGNAL, O_NONBLOCK, SOL_SOCKET } from "../abi.ts";
import { allocate, copyOut } from "../memory.ts";
import { lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** ssize_t sendmsg(int fd, const struct msghdr *message, int flags) */
  sendmsg: { parameters: ["i32", "usize", "i32"], result: "isize" },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

const SCM_RIGHTS = 1;
/** struct msghdr (56 bytes), struct iovec (16), the one data byte (8 with padding), then the control message (24). */
const LAYOUT = { iovec: 56, data: 72, control: 80, size: 104 } as const;
/** struct cmsghdr {size_t len, int level, int type} and one int. */
const CONTROL = { length: 20, space: 24 } as const;

/**
 * Sends `passed` through the socket `channel`, with the one byte that must go along. Both stay open here; the receiver has
 * a descriptor of its own afterwards. `passed` becomes blocking, as every program expects of what it is given.
 *
 * @param channel an AF_UNIX socket; for ssh, standard output
 * @throws FfiError ENOTSOCK when `channel` is no socket
 * @tags allow-ffi
 */
export function passDescriptor(channel: number, passed: number): void {
  libc().fcntl(passed, F_SETFL, libc().fcntl(passed, F_GETFL, 0) & ~O_NONBLOCK);
  using block = allocate(LAYOUT.size);
  const at = (offset: number) => block.address + BigInt(offset);
  const message = new DataView(new ArrayBuffer(LAYOUT.size));
  message.setBigUint64(16, at(LAYOUT.iovec), true);
  message.setBigUint64(24, 1n, true);
  message.setBigUint64(32, at(LAYOUT.control), true);
  message.setBigUint64(40, BigInt(CONTROL.space), true);
  message.setBigUint64(LAYOUT.iovec, at(LAYOUT.data), true);
  message.setBigUint64(LAYOUT.iovec + 8, 1n, true);
  message.setBigUint64(LAYOUT.control, BigInt(CONTROL.length), true);
  message.setInt32(LAYOUT.control + 8, SOL_SOCKET, true);
  message.setInt32(LAYOUT.control + 12, SCM_RIGHTS, true);
  message.setInt32(LAYOUT.control + 16, passed, true);
  copyOut(block.address, new Uint8Array(message.buffer));
  if (Number(libc().sendmsg(channel, block.address, MSG_NOSIGNAL)) < 0) {
    throwErrno(
      "sendmsg",
      "hand over the connection",
      "standard output must be a socket: set ProxyUseFdpass yes in ssh_config",
    );
  }
}
