import assert from "node:assert/strict";
import { lookUpGroup, lookUpGroups, lookUpUser } from "../../../ffi/libc/account_service.ts";
import { findGroup, findUser, groupsOf } from "../../../ffi/libc/accounts.ts";

Deno.test({
  name: "lookUpUser(), lookUpGroup() and lookUpGroups() say what the calls that wait say",
  sanitizeResources: false,
  fn: async () => {
    for (const name of ["root", "nobody", "daemon", "adm", "", "no-such-user", "root:x", "r".repeat(5000)]) {
      const user = findUser(name);
      assert.deepEqual(await lookUpUser(name), user, name);
      assert.equal(await lookUpGroup(name), findGroup(name), name);
      const gid = user?.gid ?? 42;
      assert.deepEqual((await lookUpGroups(name, gid)).toSorted(), groupsOf(name, gid).toSorted(), name);
    }
    assert.deepEqual(await lookUpUser("root"), { uid: 0, gid: 0 });
  },
});
