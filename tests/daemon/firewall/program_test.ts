import assert from "node:assert/strict";
import { FirewallError } from "../../../daemon/firewall/firewall.ts";
import { ask, isFile } from "../../../daemon/firewall/program.ts";
import type { Run, RunResult } from "../../../lib/host/run.ts";

const DONE: RunResult = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, pid: 7 };

function asked(answer: () => Partial<RunResult>, stdin?: string): Promise<string> {
  const run: Run = () => Promise.resolve().then(() => ({ ...DONE, ...answer() }));
  return ask({ run, path: "/sbin/pfctl", absent: "take another" }, ["-s", "rules"], stdin);
}

Deno.test("ask() hands over vector and input, and returns what was printed", async () => {
  const calls: unknown[] = [];
  const run: Run = (...call) => {
    calls.push(call);
    return Promise.resolve({ ...DONE, stdout: "x" });
  };
  const program = { run, path: "/sbin/pfctl", absent: "" };
  assert.equal(await ask(program, ["-s", "rules"]), "x");
  await ask(program, ["-f", "-"], "pass\n");
  assert.deepEqual(calls, [["/sbin/pfctl", ["-s", "rules"], {}], ["/sbin/pfctl", ["-f", "-"], { stdin: "pass\n" }]]);
});

const FAILURES: readonly (readonly [answer: Partial<RunResult> | Error, message: string, hint: RegExp])[] = [
  [
    { code: 1, stderr: "No ALTQ support in kernel\nALTQ related functions disabled\npfctl: it is so\n" },
    "/sbin/pfctl failed: pfctl: it is so",
    /^run `\/sbin\/pfctl -s rules` by hand/,
  ],
  [{ code: 3 }, "/sbin/pfctl failed: exit status 3", /by hand/],
  [{ code: 137, timedOut: true }, "/sbin/pfctl failed: it did not end in time and was stopped", /waits for/],
  [{ code: 139 }, "/sbin/pfctl failed: signal 11 ended it", /by hand/],
  [
    { code: 255, stderr: "pfctl: No such file or directory.\n" },
    "/sbin/pfctl failed: pfctl: No such file or directory.",
    /by hand/,
  ],
  [{ truncated: true }, "/sbin/pfctl failed: it prints more than can be read", /by hand/],
  [
    { code: 1, stderr: "pfctl: /dev/pf: Permission denied" },
    "/sbin/pfctl failed: pfctl: /dev/pf: Permission denied",
    /root/,
  ],
  [new Deno.errors.NotFound(), "Cannot run /sbin/pfctl: there is no such program", /^take another$/],
  [
    new Deno.errors.NotCapable(),
    "Cannot run /sbin/pfctl: it is outside the programs that fwknopd may run",
    /FIREWALL_EXE/,
  ],
  [new Deno.errors.PermissionDenied(), "Cannot run /sbin/pfctl: it is not executable by this user", /root/],
];

for (const [answer, message, hint] of FAILURES) {
  Deno.test(`ask() fails with: ${message}`, async () => {
    const answered = asked(() => {
      if (answer instanceof Error) throw answer;
      return answer;
    });
    await assert.rejects(answered, (error) => {
      assert.ok(error instanceof FirewallError);
      assert.equal(error.message, message);
      assert.match(error.hint, hint);
      assert.equal(error.denied, message.includes("Permission denied"));
      return true;
    });
  });
}

Deno.test("isFile() is true of files only", () => {
  assert.equal(isFile(new URL(import.meta.url).pathname), true);
  assert.equal(isFile("/"), false);
  assert.equal(isFile("/nowhere/at/all"), false);
});
