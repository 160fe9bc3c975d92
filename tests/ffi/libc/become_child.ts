/** The program under test of become_test.ts: becomes the command in its arguments, or says why not. */
import { becomeCommand } from "../../../ffi/libc/become.ts";

const [program = "", ...args] = Deno.args;
try {
  becomeCommand([program, ...args]);
} catch (error) {
  console.log((error as Error).message, Deno.pid > 1);
}
