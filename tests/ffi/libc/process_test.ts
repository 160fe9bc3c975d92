import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { changeFolder, sendSignal, setFileModeMask } from "../../../ffi/libc/process.ts";

Deno.test("sendSignal() ends a process once and says when there is none", async () => {
  const child = new Deno.Command("sleep", { args: ["30"] }).spawn();
  assert.equal(sendSignal(child.pid, "terminate"), true);
  assert.equal((await child.status).signal, "SIGTERM");
  assert.equal(sendSignal(child.pid, "hangup"), false);
});

Deno.test("sendSignal() refuses process groups", () => {
  for (const pid of [0, -1, 1.5, 2 ** 31]) {
    assert.throws(() => sendSignal(pid, "terminate"), RangeError);
  }
});

Deno.test("changeFolder() and setFileModeMask() act on this process", () => {
  const before = Deno.cwd();
  try {
    changeFolder("/");
    assert.equal(Deno.cwd(), "/");
    assert.throws(
      () => changeFolder("/no/such/folder"),
      (error) => error instanceof FfiError && error.details.code === 2,
    );
  } finally {
    changeFolder(before);
  }
  const mask = setFileModeMask(0o077);
  assert.equal(setFileModeMask(mask), 0o077);
});
