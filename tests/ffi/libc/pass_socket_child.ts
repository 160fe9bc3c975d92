/** The program under test of pass_socket_test.ts: connects to the loopback port named and hands the connection to stdout. */
import { passDescriptor } from "../../../ffi/libc/pass_socket.ts";
import { resolveHost } from "../../../ffi/libc/resolver.ts";
import { connectStream } from "../../../ffi/libc/socket.ts";

const [address] = await resolveHost("127.0.0.1", { family: 4, port: Number(Deno.args[0]) });
using socket = await connectStream(address!, { timeoutMs: 5000 });
passDescriptor(1, socket.fd);
