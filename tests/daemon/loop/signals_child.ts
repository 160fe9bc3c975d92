/** Fails in the way named by the first argument and tells what the inbox says of it. */
import { listenForSignals } from "../../../daemon/loop/signals.ts";

const woken = Promise.withResolvers<void>();
const seen: string[] = [];
using inbox = listenForSignals(woken.resolve, (error) => void seen.push(String(error)));
if (Deno.args[0] === "rejection") void Promise.reject(new Error("nobody caught this"));
else if (Deno.args[0] === "exception") {
  setTimeout(() => {
    throw new Error("nobody caught this");
  });
} else Deno.kill(Deno.pid, "SIGTERM");
const alive = setInterval(() => {}, 1000);
await woken.promise;
clearInterval(alive);
console.log(JSON.stringify({ stop: inbox.stop, seen }));
