import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { passDescriptor } from "../../../ffi/libc/pass_socket.ts";

const CHILD = new URL("./pass_socket_child.ts", import.meta.url).pathname;

/** Plays ssh with ProxyUseFdpass: one end of a socketpair is the child's stdout, the other receives the descriptor. */
const RECEIVER = `import socket,subprocess,sys,os
listener=socket.socket(); listener.bind(("127.0.0.1",0)); listener.listen()
ours,theirs=socket.socketpair()
child=subprocess.Popen(sys.argv[1:]+[str(listener.getsockname()[1])],stdin=subprocess.DEVNULL,stdout=theirs)
server,_=listener.accept()
data,fds,flags,_=socket.recv_fds(ours,16,4)
child.wait()
server.sendall(b"through the socket")
connection=socket.socket(fileno=fds[0])
print(len(data),len(fds),connection.recv(100).decode(),child.returncode,os.get_blocking(fds[0]))`;

Deno.test("passDescriptor() hands a connection over that outlives this program", async () => {
  const args = ["-c", RECEIVER, Deno.execPath(), "run", "--no-prompt", "--allow-ffi", CHILD];
  const { stdout, stderr } = await new Deno.Command("python3", { args }).output();
  assert.equal(new TextDecoder().decode(stdout), "1 1 through the socket 0 True\n", new TextDecoder().decode(stderr));
});

Deno.test("passDescriptor() says what must be a socket", () => {
  assert.throws(
    () => passDescriptor(987, 0),
    (error) => error instanceof FfiError && error.details.code === 9 && /ProxyUseFdpass/.test(error.details.hint ?? ""),
  );
});
