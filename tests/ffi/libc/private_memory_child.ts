/** The program under test of private_memory_test.ts: says what it is before and after, or becomes the command in its arguments. */
import { becomeCommand } from "../../../ffi/libc/become.ts";
import { keepMemoryPrivate } from "../../../ffi/libc/private_memory.ts";
import { ownEnvironment } from "../../../ffi/libc/proc_self.ts";

const { symbols } = Deno.dlopen("libc.so.6", {
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
});
const PR_GET_DUMPABLE = 3;
const dumpable = () => symbols.prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n);

const before = dumpable();
keepMemoryPrivate();
const [program, ...args] = Deno.args;
if (program !== undefined) becomeCommand([program, ...args]);
const [, soft] = /^Max core file size +(\S+)/m.exec(Deno.readTextFileSync("/proc/self/limits")) ?? [];
console.log(JSON.stringify({ before, after: dumpable(), soft, mark: ownEnvironment()["MARK"] }));
