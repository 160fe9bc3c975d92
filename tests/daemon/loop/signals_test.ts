import assert from "node:assert/strict";

const CHILD = new URL("signals_child.ts", import.meta.url).pathname;

async function fail(how: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-run", CHILD, how],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("listenForSignals() makes an error that nobody caught a reason to stop, not a sudden death", async () => {
  const expected = { stop: "failure", seen: ["Error: nobody caught this"] };
  assert.deepEqual(await fail("rejection"), expected);
  assert.deepEqual(await fail("exception"), expected);
});

Deno.test("listenForSignals() notes the signal that asks to stop", async () => {
  assert.deepEqual(await fail("signal"), { stop: "SIGTERM", seen: [] });
});

Deno.test("refuseDebugger() keeps SIGUSR1 from opening the runtime's debugger, early and late", async () => {
  const child = new URL("debugger_child.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", child] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), { listening: 0 });
});
