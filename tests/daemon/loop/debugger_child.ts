/** Gets SIGUSR1 before and after the runtime would take it, and tells whether anybody listens on the debugger's port then. */
import { refuseDebugger } from "../../../ffi/libc/refuse_debugger.ts";

if (Deno.args[0] !== "exposed") refuseDebugger();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const inode = /socket:\[([0-9]+)\]/;
if (Deno.args[0] !== "exposed") Deno.kill(Deno.pid, "SIGUSR1");
await pause(1500);
Deno.kill(Deno.pid, "SIGUSR1");
await pause(1000);
const own = [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
  try {
    return inode.exec(Deno.readLinkSync(`/proc/self/fd/${name}`))?.[1] ?? [];
  } catch {
    return [];
  }
});
const listening = Deno.readTextFileSync("/proc/self/net/tcp").split("\n").map((line) => line.trim().split(/ +/))
  .filter((columns) => columns[3] === "0A" && own.includes(columns[9] ?? ""));
console.log(JSON.stringify({ listening: listening.length }));
Deno.exit();
