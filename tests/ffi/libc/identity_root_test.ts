import assert from "node:assert/strict";
import { gatedTest } from "../../lab/gate.ts";

const CHILD = new URL("./identity_child.ts", import.meta.url).pathname;
const DENO = [Deno.execPath(), "run", "--no-prompt", "--allow-ffi", CHILD];

function run(...argv: string[]): readonly string[] {
  const [program = "", ...args] = argv;
  const { stdout } = new Deno.Command(program, { args, stderr: "inherit" }).outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

const blocker = Deno.uid() === 0 ? null : "becoming another user needs root";

gatedTest(blocker, {
  name: "becomeUser() takes uid, gid and groups of the user, and leaves no right of root",
  fn: () => {
    assert.deepEqual(run(...DENO, "65534", "65534", "65534", "4"), [
      "false false",
      "Uid: 65534 65534 65534 65534",
      "Gid: 65534 65534 65534 65534",
      "Groups: 4 65534",
      "NoNewPrivs: 1",
      "CapEff: 0000000000000000",
      "CapAmb: 0000000000000000",
    ]);
    assert.equal(run(...DENO, "1", "2")[3], "Groups:");
  },
});

gatedTest(blocker, {
  name: "becomeUser() throws where the right is missing, and nothing is left half done",
  fn: () => {
    const [, message, uid] = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...DENO, "0", "0");
    assert.equal(message, "Cannot set the groups of the user: Operation not permitted");
    assert.equal(uid, "Uid: 65534 65534 65534 65534");
  },
});

gatedTest(blocker, {
  name: "becomeUser() passes on no capability of a user who is not root",
  fn: () => {
    const caps = "--inh-caps=+setuid,+setgid,+net_admin";
    const ambient = "--ambient-caps=+setuid,+setgid,+net_admin";
    const said = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", caps, ambient, ...DENO, "1", "1");
    assert.equal(said[1], "Uid: 1 1 1 1");
    // What is in force now goes when another program takes the place of this one; ambient ones would stay.
    assert.equal(said.at(-1), "CapAmb: 0000000000000000");
  },
});
