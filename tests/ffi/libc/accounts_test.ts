import assert from "node:assert/strict";
import { findGroup, findUser, groupsOf, ownIds } from "../../../ffi/libc/accounts.ts";

/** What the system's own programs say. */
function says(...argv: readonly [string, ...string[]]): string {
  const [program, ...args] = argv;
  const { success, stdout } = new Deno.Command(program, { args }).outputSync();
  assert.ok(success, argv.join(" "));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("findUser() and findGroup() know who is in the files of the system, and nobody else", () => {
  assert.deepEqual(findUser("root"), { uid: 0, gid: 0 });
  assert.deepEqual(findUser("nobody"), {
    uid: Number(says("id", "-u", "nobody")),
    gid: Number(says("id", "-g", "nobody")),
  });
  assert.equal(findGroup("root"), 0);
  assert.equal(findGroup("adm"), Number(says("getent", "group", "adm").split(":")[2]));
  for (const name of ["", "no-such-user", "root:x", "r".repeat(5000)]) {
    assert.equal(findUser(name), null, name);
    assert.equal(findGroup(name), null, name);
  }
});

Deno.test("groupsOf() gives the groups of a login, the given one among them", () => {
  for (const user of ["root", "nobody", "daemon"]) {
    const gid = findUser(user)?.gid ?? -1;
    assert.deepEqual([...groupsOf(user, gid)].sort(), says("id", "-G", user).split(" ").map(Number).sort(), user);
  }
  assert.deepEqual(groupsOf("no-such-user", 42), [42]);
});

Deno.test("ownIds() are those of this process", () => {
  assert.deepEqual(ownIds(), { uid: Number(says("id", "-u")), gid: Number(says("id", "-g")) });
});
