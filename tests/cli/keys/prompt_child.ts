/** The client as it is, which then says `[end]` and waits for a line, so that its terminal can be looked at. */
import { main } from "../../../cli/main.ts";
import { realWorld } from "../../../cli/ui/world.ts";

const code = await main(Deno.args, realWorld());
console.log(`code ${code}\n[end]`);
Deno.stdin.readSync(new Uint8Array(1));
Deno.exit(code);
