import assert from "node:assert/strict";
import fc from "fast-check";
import { BECOME, becomeArguments, type Order, readOrder } from "../../../daemon/command/become.ts";
import type { Words } from "../../../daemon/command/words.ts";

const MAIN = new URL("../../../daemon/main.ts", import.meta.url).pathname;

Deno.test("readOrder() reads what becomeArguments() writes, whatever the words are", () => {
  const id = fc.integer({ min: 0, max: 0xfffffffe });
  const user = fc.option(
    fc.record({ uid: id, gid: id, groups: fc.array(id, { maxLength: 5 }) }, { noNullPrototype: true }),
  );
  const words = fc.array(fc.string({ unit: "binary" }), { minLength: 1 }) as fc.Arbitrary<unknown> as fc.Arbitrary<
    Words
  >;
  fc.assert(fc.property(user, fc.boolean(), words, (who, locked, said) => {
    const order: Order = { user: who, locked };
    const [first, ...args] = becomeArguments(order, said);
    assert.equal(first, BECOME);
    assert.deepEqual(readOrder(args), { order, words: said });
  }));
});

Deno.test("readOrder() takes no other order", () => {
  const bad = [[], ["-"], ["-", "-"], ["", "-", "id"], ["0", "-", "id"], ["0,", "-", "id"], ["a,b", "-", "id"]];
  bad.push(["-1,0", "-", "id"], ["4294967295,0", "-", "id"], ["0,4294967295", "-", "id"], ["-", "open", "id"]);
  for (const args of bad) assert.equal(readOrder(args), null, args.join(" "));
});

/** The program itself, with the permissions of a daemon. */
function become(...args: readonly string[]) {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-ffi", MAIN, ...args],
    cwd: "/usr",
    env: { HOSTILE: "1" },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("fwknopd becomes the command: from /, with PATH and nothing else in its environment, files as of a login", () => {
  const [, ...args] = becomeArguments({ user: null, locked: true }, [
    "sh",
    "-c",
    "pwd; umask; env | grep -v ^PWD= | sed s/=.*//; grep -c 'NoNewPrivs.*1' /proc/self/status; exit 3",
  ]);
  assert.deepEqual(become(BECOME, ...args), { code: 3, stdout: "/\n0022\nPATH\n1\n", stderr: "" });
});

Deno.test("fwknopd says why it cannot become a command, and ends as the C daemon's child does", () => {
  const not = (words: Words, user: Order["user"] = null) => become(...becomeArguments({ user, locked: false }, words));
  assert.deepEqual(not(["no-such-program"]).code, 255);
  assert.match(not(["/etc/passwd"]).stderr, /^fwknopd: Cannot run "\/etc\/passwd": Permission denied\n$/);
  assert.match(
    become(BECOME, "id").stderr,
    /^fwknopd: Cannot run a command: --become-command is for fwknopd itself\n$/,
  );
  if (Deno.uid() !== 0) {
    const { code, stderr } = not(["id"], { uid: 0, gid: 0, groups: [] });
    assert.deepEqual([code, stderr], [255, "fwknopd: Cannot set the groups of the user: Operation not permitted\n"]);
  }
});

Deno.test("what becomes a command is no option: the help does not know it, and it counts only in front", () => {
  assert.match(become("--status", BECOME, "-", "-", "id").stderr, /--become-command/);
  assert.doesNotMatch(become("--help=all").stdout, /become/);
});
