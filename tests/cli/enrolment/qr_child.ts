/** The program under test of terminal_test.ts: the client on a terminal, which says its exit status and waits for a line. */
import { main } from "../../../cli/main.ts";
import { realWorld } from "../../../cli/ui/world.ts";

const code = await main(Deno.args, realWorld());
console.log(`exit ${code}\n[end]`);
Deno.stdin.readSync(new Uint8Array(1));
