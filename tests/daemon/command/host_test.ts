import assert from "node:assert/strict";
import { COMMAND_HOST, commandPath } from "../../../daemon/command/host.ts";

Deno.test("COMMAND_HOST knows programs by path, from / on, and by their name in PATH", () => {
  for (const word of ["sh", "/bin/sh", "bin/sh", "../bin/sh"]) assert.equal(COMMAND_HOST.isProgram(word), true, word);
  for (const word of ["no-such-program", "/bin", "/etc/passwd", "/bin/no-such-program", "bin"]) {
    assert.equal(COMMAND_HOST.isProgram(word), false, word);
  }
});

Deno.test("COMMAND_HOST says who runs the daemon, and what that user may", () => {
  const uid = Deno.uid();
  assert.equal(COMMAND_HOST.own.uid, uid);
  if (uid !== 0) assert.equal(COMMAND_HOST.mayBecomeOthers, false);
  assert.equal(COMMAND_HOST.user("root")?.uid, 0);
  assert.equal(typeof COMMAND_HOST.noNewPrivileges, "boolean");
});

Deno.test("commandPath() is the PATH of the daemon", () => {
  assert.equal(commandPath(), Deno.env.get("PATH"));
});
