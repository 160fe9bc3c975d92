/** The program under test of identity_test.ts: becomes the user named and says what the kernel then thinks of it. */
import { becomeAccount, findAccount } from "../../../ffi/libc/identity.ts";

const [user = "", groups] = Deno.args;
try {
  becomeAccount(findAccount(user)!, groups === "all" ? "all" : "none");
} catch (error) {
  console.log((error as Error).message);
}
const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) =>
  Deno.readTextFileSync(`/proc/${name}/status`)
);
const line = (status: string, key: string) => status.match(new RegExp(`^${key}:[ \\t]*(.*)$`, "m"))?.[1]?.trim();
console.log(
  JSON.stringify([...new Set(threads.map((t) => ["Uid", "Gid", "Groups"].map((k) => line(t, k)).join(" | ")))]),
);
