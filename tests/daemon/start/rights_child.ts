/** The program under test of rights_test.ts: gives up what a daemon gives up, and says which permissions are left. */
import { RELOAD } from "../../../daemon/loop/reload.ts";
import { giveUpRights } from "../../../daemon/start/rights.ts";

const names = ["env", "ffi", "net", "read", "run", "sys", "write"] as const;
const granted = () => names.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
const before = granted();
giveUpRights([RELOAD, ...Deno.args.includes("run") ? [{ needs: ["run"] } as const] : []]);
console.log(JSON.stringify({ before, after: granted() }));
