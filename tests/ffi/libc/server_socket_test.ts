import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { closeFd } from "../../../ffi/libc/fd.ts";
import {
  bindServerPort,
  openServerSocket,
  portOf,
  type ServerProtocol,
  type ServerSocket,
  setSocketOption,
} from "../../../ffi/libc/server_socket.ts";

function test(name: string, fn: () => void): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

function withSocket(socket: ServerSocket, use: (socket: ServerSocket) => void): void {
  try {
    use(socket);
  } finally {
    closeFd(socket.fd);
  }
}

for (const [protocol, list] of [["UDP", "ss -lunp"], ["TCP", "ss -ltnp"]] as const) {
  test(`a ${protocol} server has its port in both families, and says of one that is taken who can tell more`, () => {
    const taken = (protocol: ServerProtocol, port: number, families: readonly (4 | 6)[]) =>
      withSocket(openServerSocket(protocol, families), (socket) => {
        assert.throws(() => bindServerPort(socket, protocol, port), (error: FfiError) => {
          assert.match(error.message, new RegExp(`^Cannot listen on ${protocol} port ${port}: .*in use`));
          assert.equal(error.details.hint, `another program has it: "${list} sport = :${port}" shows which`);
          return true;
        });
      });
    withSocket(openServerSocket(protocol), (socket) => {
      assert.equal(socket.family, 6);
      assert.equal(portOf(socket.fd), 0);
      bindServerPort(socket, protocol, 0);
      const port = portOf(socket.fd);
      assert.ok(port > 0);
      // A UDP port is taken for IPv4 only where the socket serves that too; a TCP port only by one that listens.
      if (protocol === "UDP") taken(protocol, port, [4]);
      taken(protocol, port, [6]);
    });
  });
}

test("a server socket is of the first family that the kernel has, and an option that it does not know is named", () => {
  withSocket(openServerSocket("UDP", [4]), ({ family, fd }) => {
    assert.equal(family, 4);
    assert.throws(() => setSocketOption(fd, [41, 26], 0), /^FfiError: Cannot set option 41\/26 of a socket: /);
  });
  assert.throws(() => openServerSocket("TCP", []), FfiError);
});
