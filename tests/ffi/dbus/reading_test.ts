import assert from "node:assert/strict";
import { openBus } from "../../../ffi/dbus/bus.ts";
import { testWith } from "../../lab/gate.ts";

testWith({ "dbus-daemon": "dbus" }, "readAll() reads text, numbers, lists and dictionaries", async () => {
  const dir = await Deno.makeTempDir();
  const daemon = new Deno.Command("dbus-daemon", {
    args: ["--session", "--nofork", "--nopidfile", `--address=unix:path=${dir}/bus`, "--print-address"],
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const said = daemon.stdout.getReader();
  try {
    await said.read();
    using bus = openBus(`${dir}/bus`);
    const ask = async (member: string, ...args: readonly string[]) => {
      const path = "/org/freedesktop/DBus", face = "org.freedesktop.DBus";
      const reply = await bus.call({ destination: face, path, interface: face, member, args }, 10_000);
      assert.ok(reply.ok);
      return reply.values;
    };
    const [id] = await ask("GetId");
    assert.match(String(id), /^[0-9a-f]{32}$/);
    assert.deepEqual(await ask("GetConnectionUnixUser", "org.freedesktop.DBus"), [Deno.uid()]);
    const [names] = await ask("ListNames");
    assert.ok(Array.isArray(names) && names.every((name) => typeof name === "string"));
    // a{sv}
    const [credentials] = await ask("GetConnectionCredentials", "org.freedesktop.DBus");
    assert.ok(Array.isArray(credentials));
    assert.deepEqual(credentials.find((entry) => Array.isArray(entry) && entry[0] === "UnixUserID")?.[1], [Deno.uid()]);
    assert.deepEqual(await ask("NameHasOwner", "org.freedesktop.DBus"), [1]);
  } finally {
    await said.cancel();
    daemon.kill("SIGKILL");
    await daemon.status;
    await Deno.remove(dir, { recursive: true });
  }
});
