import assert from "node:assert/strict";
import { createAccounts, HOST_ACCOUNTS } from "../../../daemon/loop/accounts.ts";
import { HOST } from "../config/in_memory.ts";

Deno.test("accounts are asked for once, and known afterwards", async () => {
  const asked: string[] = [];
  const accounts = createAccounts({
    user: (name) => (asked.push(name), Promise.resolve({ uid: 7, gid: 8 })),
    group: (name) => (asked.push(name), Promise.resolve(9)),
    groupsOf: (user, gid) => (asked.push(`${user} ${gid}`), Promise.resolve([gid, 1])),
  }, () => 0);
  const host = accounts.with(HOST);
  assert.equal(await accounts.answered(), "known", "nothing was asked for");
  const read = () => [host.user("bob"), host.user("bob"), host.group("staff"), host.groupsOf("bob", 8)];
  assert.deepEqual(read(), [null, null, null, [8]]);
  assert.equal(await accounts.answered(), "news");
  assert.deepEqual(read(), [{ uid: 7, gid: 8 }, { uid: 7, gid: 8 }, 9, [8, 1]]);
  assert.equal(await accounts.answered(), "known");
  assert.deepEqual(asked, ["bob", "staff", "bob 8"]);
  accounts.begin();
  assert.equal(host.user("bob"), null, "it may be somebody else now");
  assert.deepEqual([host.own, host.mayBecomeOthers, host.isProgram("gone")], [HOST.own, true, false]);
});

Deno.test("who does not answer is waited for so long, by name, and asked once at a time", async () => {
  let [now, asked] = [0, 0];
  const { promise, resolve } = Promise.withResolvers<number>();
  const accounts = createAccounts({
    user: () => Promise.reject(new Error("not asked before the other has answered")),
    group: () => (asked++, promise),
    groupsOf: () => Promise.resolve([]),
  }, () => now);
  const host = accounts.with(HOST);
  host.group("staff");
  host.user("bob");
  assert.equal(await accounts.answered(), "later");
  now = 2999;
  assert.equal(await accounts.answered(), "later");
  now = 3000;
  assert.deepEqual(await accounts.answered(), { silent: ["staff", "bob"] });
  accounts.begin();
  host.group("staff");
  assert.equal(await accounts.answered(), "later");
  assert.equal(asked, 1, "what hangs is not asked again");
  resolve(9);
  assert.equal(await accounts.answered(), "news");
  assert.equal(host.group("staff"), 9);
  assert.equal(host.user("bob"), null, "an answer that fails is none");
  assert.equal(await accounts.answered(), "known");
});

Deno.test({
  name: "HOST_ACCOUNTS is the name service of the machine",
  sanitizeResources: false,
  fn: async () => {
    assert.deepEqual(await HOST_ACCOUNTS.user("root"), { uid: 0, gid: 0 });
    assert.equal(await HOST_ACCOUNTS.group("root"), 0);
    assert.equal((await HOST_ACCOUNTS.groupsOf("root", 0)).includes(0), true);
  },
});
