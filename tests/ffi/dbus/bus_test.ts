import assert from "node:assert/strict";
import { type Bus, type MethodCall, NO_ANSWER, openBus } from "../../../ffi/dbus/bus.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { testWith } from "../../lab/gate.ts";

const DRIVER = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};
const driver = (member: string, ...args: MethodCall["args"]): MethodCall => ({ ...DRIVER, member, args });

/** A bus of its own, for the time of a test. */
async function withBus(body: (parts: { bus: Bus; daemon: Deno.ChildProcess; socket: string }) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  const socket = `${dir}/bus %`;
  const address = `unix:path=${dir}/bus%20%25`;
  const daemon = new Deno.Command("dbus-daemon", {
    args: ["--session", "--nofork", "--nopidfile", `--address=${address}`, "--print-address"],
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const said = daemon.stdout.getReader();
  let isEnded = false;
  void daemon.status.then(() => isEnded = true);
  try {
    await said.read();
    using bus = openBus(socket);
    await body({ bus, daemon, socket });
  } finally {
    await said.cancel();
    if (!isEnded) daemon.kill("SIGKILL");
    await daemon.status;
    await Deno.remove(dir, { recursive: true });
  }
}

testWith({ "dbus-daemon": "dbus" }, "call() has the values of an answer, and the error of a refusal", async () => {
  await withBus(async ({ bus }) => {
    assert.deepEqual(await bus.call(driver("NameHasOwner", "org.freedesktop.DBus"), 10_000), { ok: true, values: [1] });
    const names = await bus.call(driver("ListActivatableNames"), 10_000);
    assert.ok(names.ok && Array.isArray(names.values[0]) && names.values[0].includes("org.freedesktop.DBus"));
    const nobody = await bus.call(driver("GetNameOwner", "org.example.Nobody"), 10_000);
    assert.ok(!nobody.ok);
    assert.equal(nobody.name, "org.freedesktop.DBus.Error.NameHasNoOwner");
    const [service] = [await bus.call({ ...driver("Any"), destination: "org.example.Nobody" }, 10_000)];
    assert.ok(!service.ok && /NameHasNoOwner|ServiceUnknown/.test(service.name));
  });
});

testWith(
  { "dbus-daemon": "dbus" },
  "call() gives up on a bus that does not answer, and fails on one that has gone",
  async () => {
    await withBus(async ({ bus, daemon, socket }) => {
      await bus.call(driver("GetId"), 10_000);
      daemon.kill("SIGSTOP");
      const isLate = (error: unknown) => error instanceof FfiError && error.details.code === NO_ANSWER;
      await assert.rejects(bus.call(driver("GetId"), 50), isLate);
      // Before the first call the library introduces itself, and counts no time of ours.
      using fresh = openBus(socket);
      await assert.rejects(fresh.call(driver("GetId"), 50), isLate);
      assert.ok(fresh.isBusy);
      await assert.rejects(fresh.call(driver("GetId"), 50), RangeError);
      daemon.kill("SIGKILL");
      await daemon.status;
      await assert.rejects(bus.call(driver("GetId"), 10_000), /Cannot reach the system bus/);
    });
  },
);

Deno.test("openBus() says that there is no bus", () => {
  assert.throws(() => openBus("/nowhere/bus"), (error) => {
    assert.ok(error instanceof FfiError);
    assert.equal(error.message, "Cannot reach the system bus (/nowhere/bus): No such file or directory");
    assert.match(error.details.hint ?? "", /dbus/);
    return true;
  });
});
