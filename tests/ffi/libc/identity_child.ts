/** The program under test of identity_root_test.ts: becomes who its arguments say, and tells who it is then. */
import {
  becomeUser,
  hasMoreRightsThanItsStarter,
  isSomebodyElse,
  refuseNewRights,
} from "../../../ffi/libc/identity.ts";
import { ownStatus } from "../../../ffi/libc/proc_self.ts";

const [uid = 0, gid = 0, ...groups] = Deno.args.map(Number);
console.log(hasMoreRightsThanItsStarter(), isSomebodyElse());
try {
  becomeUser({ uid, gid, groups });
  refuseNewRights();
} catch (error) {
  console.log((error as Error).message);
}
for (const name of ["Uid", "Gid", "Groups", "NoNewPrivs", "CapEff", "CapAmb"]) {
  console.log(new RegExp(`^${name}:.*$`, "m").exec(ownStatus())?.[0].replaceAll(/\s+/g, " ").trim());
}
