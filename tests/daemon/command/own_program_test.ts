import assert from "node:assert/strict";
import { ownProgram } from "../../../daemon/command/own_program.ts";

Deno.test("ownProgram() is what runs here, without its arguments, and without what a service manager says to it", () => {
  const script = Deno.makeTempFileSync({ suffix: ".ts" });
  const module = new URL("../../../daemon/command/own_program.ts", import.meta.url).href;
  Deno.writeTextFileSync(
    script,
    `import { ownProgram } from ${JSON.stringify(module)};\nconsole.log(JSON.stringify(ownProgram("/start")));`,
  );
  const before = ["run", "--no-config", "--allow-ffi", "--allow-read", script];
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: [...before, "-f", "-c", "x y"],
    env: { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "1", LISTEN_FDS: "1", KEPT: "1" },
  }).outputSync();
  Deno.removeSync(script);
  const { env, ...said } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(said, { path: Deno.execPath(), before, folder: "/start" });
  assert.equal(env.KEPT, "1");
  assert.deepEqual(Object.keys(env).filter((name) => /NOTIFY|WATCHDOG|LISTEN/.test(name)), []);
});

Deno.test("ownProgram() hangs on no folder where there are no words with paths in them", () => {
  // This test itself is run with such words.
  assert.equal(ownProgram("/gone").folder, "/gone");
});
