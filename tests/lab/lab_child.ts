/** A lab in a process of its own, for lab_test.ts: says its prefix and lives until it is killed. */
import { makeLab } from "./lab.ts";

const lab = await makeLab({ extra: [], parentDir: Deno.args[0]! });
console.log(`lab ${lab.prefix}`);
await new Promise(() => setInterval(() => {}, 1000));
