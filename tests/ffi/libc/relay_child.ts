/** The program under test of relay_test.ts: `nc HOST PORT`, by relay(). Says on stderr what it carried. */
import { resolveHost } from "../../../ffi/libc/resolver.ts";
import { relay } from "../../../ffi/libc/relay.ts";
import { connectStream } from "../../../ffi/libc/socket.ts";

const [host = "", port = ""] = Deno.args;
const [address] = await resolveHost(host, { family: null, port: Number(port) });
using socket = await connectStream(address!, { timeoutMs: 5000 });
console.error(JSON.stringify(await relay({ input: 0, output: 1 }, { input: socket.fd, output: socket.fd })));
