import assert from "node:assert/strict";
import { good, HOST, load, STANZA, wrong } from "./in_memory.ts";

/** The stanza that begins at line 1, with these lines from line 5 on. */
function stanza(...lines: readonly string[]): string {
  return `${STANZA}${lines.join("\n")}`;
}

function resolved(lines: readonly string[], more: Parameters<typeof good>[2] = {}) {
  const { stanzas: [first], warnings } = good("", stanza(...lines), more);
  assert.ok(first !== undefined);
  return { ...first, warnings };
}

Deno.test("resolveCommands() takes commands only where ENABLE_CMD_EXEC says so", () => {
  assert.equal(resolved([]).commands, null);
  assert.equal(resolved(["ENABLE_CMD_EXEC N", "CMD_EXEC_USER alice"]).commands, null);
  assert.deepEqual(resolved(["ENABLE_CMD_EXEC Y"]).commands, { runAs: null, prefix: [] });
});

Deno.test("resolveCommands() takes uid, own group and groups of the user, and says which group that is", () => {
  const { commands, warnings } = resolved(["ENABLE_CMD_EXEC Y", "CMD_EXEC_USER alice"]);
  assert.deepEqual(commands?.runAs, { user: "alice", group: "alice", uid: 1000, gid: 1000, groups: [1000, 4] });
  assert.deepEqual(warnings, [
    "Setting gid to group associated with CMD_EXEC_USER 'alice' for setgid() execution in stanza source: 'ANY'",
  ]);
});

Deno.test("resolveCommands() looks a group up as a group, and as the user of that name where there is none", () => {
  const gid = (group: string) =>
    resolved(["ENABLE_CMD_EXEC Y", "CMD_EXEC_USER alice", `CMD_EXEC_GROUP ${group}`]).commands?.runAs?.gid;
  assert.equal(gid("adm"), 4);
  assert.equal(gid("nobody"), 65534);
});

Deno.test("resolveCommands() runs as the daemon where CMD_EXEC_USER is root, and as nobody whose name only begins so", () => {
  assert.equal(resolved(["ENABLE_CMD_EXEC Y", "CMD_EXEC_USER root"]).commands?.runAs, null);
  const host = { ...HOST, user: (name: string) => name === "rootless" ? { uid: 7, gid: 8 } : HOST.user(name) };
  assert.equal(resolved(["ENABLE_CMD_EXEC Y", "CMD_EXEC_USER rootless"], { host }).commands?.runAs?.uid, 7);
});

Deno.test("resolveCommands() refuses names that nobody has, all of them at once", () => {
  const lines = [
    "CMD_EXEC_USER ghost",
    "CMD_EXEC_GROUP ghosts",
    "CMD_SUDO_EXEC_USER spook",
    "CMD_SUDO_EXEC_GROUP spooks",
  ];
  const user = "name a user of this host (getent passwd lists them)";
  const group = "name a group of this host (getent group lists them)";
  assert.deepEqual(wrong("", stanza(...lines)), [
    `/a:5: CMD_EXEC_USER: Unable to determine UID for CMD_EXEC_USER: there is no user ghost (${user})`,
    `/a:6: CMD_EXEC_GROUP: Unable to determine GID for CMD_EXEC_GROUP: there is no group ghosts (${group})`,
    `/a:7: CMD_SUDO_EXEC_USER: Unable to determine UID for CMD_SUDO_EXEC_USER: there is no user spook (${user})`,
    `/a:8: CMD_SUDO_EXEC_GROUP: Unable to determine GID for CMD_SUDO_EXEC_GROUP: there is no group spooks (${group})`,
  ]);
});

Deno.test("resolveCommands() says what needs root when the configuration is read", () => {
  const host = { ...HOST, own: { uid: 1000, gid: 1000 }, mayBecomeOthers: false };
  for (const user of ["nobody", "root"]) {
    assert.deepEqual(wrong("", stanza("ENABLE_CMD_EXEC Y", `CMD_EXEC_USER ${user}`), { host }), [
      `/a:6: CMD_EXEC_USER: fwknopd runs as uid 1000 here and cannot run commands as ${user} ` +
      "(that needs root (CAP_SETUID and CAP_SETGID): start it as root, or name the user that it runs as)",
    ]);
  }
  assert.equal(resolved(["ENABLE_CMD_EXEC Y", "CMD_EXEC_USER alice"], { host }).commands?.runAs, null);
  assert.equal(wrong("", stanza("CMD_EXEC_USER alice", "CMD_EXEC_GROUP adm"), { host }).length, 1);
});

Deno.test("resolveCommands() puts sudo in front, with what it is told and an end of its options", () => {
  const prefix = (...lines: readonly string[]) =>
    resolved(["ENABLE_CMD_EXEC Y", "ENABLE_CMD_SUDO_EXEC Y", ...lines]).commands?.prefix;
  assert.deepEqual(prefix(), ["/usr/bin/sudo", "--"]);
  assert.deepEqual(prefix("CMD_SUDO_EXEC_USER root"), ["/usr/bin/sudo", "--"]);
  assert.deepEqual(prefix("CMD_SUDO_EXEC_USER alice", "CMD_SUDO_EXEC_GROUP adm"), [
    ...["/usr/bin/sudo", "-u", "alice", "-g", "adm", "--"],
  ]);
  assert.deepEqual(prefix("CMD_SUDO_EXEC_GROUP nobody"), ["/usr/bin/sudo", "-g", "#65534", "--"]);
});

Deno.test("resolveCommands() warns of what cannot work here, and of what has no effect", () => {
  const warnings = (lines: readonly string[], host = HOST) => resolved(lines, { host }).warnings;
  const sudo = ["ENABLE_CMD_EXEC Y", "ENABLE_CMD_SUDO_EXEC Y"];
  assert.deepEqual(warnings(sudo, { ...HOST, noNewPrivileges: true, isProgram: () => false }), [
    "/a:6: ENABLE_CMD_SUDO_EXEC: sudo path '/usr/bin/sudo' is no program that can be run",
    "/a:6: ENABLE_CMD_SUDO_EXEC: sudo cannot work here: this process and all that it starts have no_new_privs " +
    "(NoNewPrivileges=yes of a service)",
  ]);
  assert.deepEqual(warnings(["CMD_EXEC_GROUP adm"]), ["/a:5: CMD_EXEC_GROUP has no effect without CMD_EXEC_USER"]);
  assert.deepEqual(warnings(["ENABLE_CMD_SUDO_EXEC Y"]), [
    "/a:5: ENABLE_CMD_SUDO_EXEC has no effect without ENABLE_CMD_EXEC Y",
  ]);
  assert.deepEqual(warnings(["CMD_CYCLE_TIMER 5"]), ["/a:5: CMD_CYCLE_TIMER has no effect without CMD_CYCLE_OPEN"]);
  assert.deepEqual(warnings(["CMD_CYCLE_OPEN gone $IP", "CMD_CYCLE_CLOSE __NONE__gone", "CMD_CYCLE_TIMER 5"]), [
    "/a:5: CMD_CYCLE_OPEN: gone is no program that can be run",
    "/a:6: CMD_CYCLE_CLOSE: __NONE__gone is no program that can be run",
  ]);
});

Deno.test("resolveCommands() reads a cycle, with a close command or without", () => {
  const cycle = (...lines: readonly string[]) => resolved(lines).cycle;
  assert.deepEqual(cycle("CMD_CYCLE_OPEN open $IP", "CMD_CYCLE_CLOSE close $IP", "CMD_CYCLE_TIMER 5"), {
    ...{ open: "open $IP", close: "close $IP", timer: 5 },
  });
  for (const none of ["NONE", "none", "NONE at all"]) {
    assert.deepEqual(cycle("CMD_CYCLE_OPEN open", `CMD_CYCLE_CLOSE ${none}`), {
      open: "open",
      close: null,
      timer: null,
    });
  }
  assert.equal(cycle(), null);
});

Deno.test("resolveCommands() refuses half a cycle, and templates that can become no command", () => {
  const long = (length: number) => `x ${"y".repeat(length - 2)}`;
  const many = Array(29).fill("w").join(" ");
  const table: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["CMD_CYCLE_OPEN a"], [
      "/a:5: CMD_CYCLE_OPEN: cannot be set without also setting CMD_CYCLE_CLOSE (Data error in access file) (CMD_CYCLE_CLOSE NONE closes nothing)",
    ]],
    [["CMD_CYCLE_CLOSE a"], [
      "/a:5: CMD_CYCLE_CLOSE: cannot be set without also setting CMD_CYCLE_OPEN (Data error in access file) (add the command that opens)",
    ]],
    [["CMD_CYCLE_OPEN a", "CMD_CYCLE_CLOSE b"], [
      "/a:6: Must set the CMD_CYCLE_TIMER for command cycle functionality (Data error in access file) (add the seconds between the two commands)",
    ]],
    [["CMD_CYCLE_TIMER 8388609"], [
      '/a:5: CMD_CYCLE_TIMER value is out of range: not in range 1-8388608, got "8388609"',
    ]],
    [[`CMD_CYCLE_OPEN ${long(255)}`, `CMD_CYCLE_CLOSE ${long(256)}`, "CMD_CYCLE_TIMER 5"], [
      "/a:6: CMD_CYCLE_CLOSE: command is too long: it has 256 bytes, and at most 255 are taken (put it into a script)",
    ]],
    [[`CMD_CYCLE_OPEN ${many}`, "CMD_CYCLE_CLOSE NONE"], [
      "/a:5: CMD_CYCLE_OPEN: it has 29 words, and at most 28 are taken (put it into a script)",
    ]],
  ];
  for (const [lines, expected] of table) assert.deepEqual(wrong("", stanza(...lines)), expected, lines.join("; "));
});

Deno.test("resolveCommands() knows nobody where the host cannot be asked", () => {
  const loaded = load("", stanza("CMD_EXEC_USER root"), { host: null });
  assert.equal(loaded.ok, false);
});
