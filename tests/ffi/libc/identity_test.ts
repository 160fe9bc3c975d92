import assert from "node:assert/strict";
import { findAccount } from "../../../ffi/libc/identity.ts";

const CHILD = new URL("./identity_child.ts", import.meta.url).pathname;
const isRoot = Deno.uid() === 0;
if (!isRoot && Deno.env.get("CI") === "true") throw new Error("root is needed to change the user, but CI=true");
if (!isRoot) console.log("skipped: root is needed to change the user");

async function become(user: string, groups: string, as: string[] = []): Promise<string> {
  const command = [...as, Deno.execPath(), "run", "--no-prompt", "-A", CHILD, user, groups];
  const env = { DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno` };
  const { stdout, stderr } = await new Deno.Command(command[0]!, { args: command.slice(1), env }).output();
  return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
}

Deno.test("findAccount() knows users by name and number, and null for others", () => {
  assert.deepEqual(findAccount("root"), { name: "root", uid: 0, gid: 0, home: "/root" });
  assert.deepEqual(findAccount(0), findAccount("root"));
  assert.equal(findAccount("nobody")?.uid, 65534);
  assert.equal(findAccount("no-such-user"), null);
  assert.equal(findAccount(3_999_999), null);
});

Deno.test({
  name: "becomeAccount() changes every id of every thread, and the groups as told",
  ignore: !isRoot,
  async fn() {
    const ids = "65534\\t65534\\t65534\\t65534";
    assert.equal(await become("nobody", "none"), `["${ids} | ${ids} | "]\n`);
    assert.equal(await become("nobody", "all"), `["${ids} | ${ids} | 65534"]\n`);
  },
});

Deno.test({
  name: "becomeAccount() says when it may not",
  ignore: !isRoot,
  async fn() {
    // Nobody, who may read the project wherever it lies.
    const reads = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"];
    const ordinary = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...reads];
    assert.match(await become("root", "none", ordinary), /^Cannot become the user "root": Operation not permitted\n/);
  },
});
