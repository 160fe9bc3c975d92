import assert from "node:assert/strict";
import {
  CAP_NET_ADMIN,
  CAP_NET_RAW,
  hasCapability,
  isInterface,
  mayMakeFilesIn,
  mayReadAndWrite,
} from "../../../ffi/libc/rights.ts";

Deno.test("files and folders that may be used, and those that are not there", () => {
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/file`, "");
  assert.equal(mayReadAndWrite(`${folder}/file`), true);
  assert.equal(mayReadAndWrite(`${folder}/none`), false);
  assert.equal(mayMakeFilesIn(folder), true);
  assert.equal(mayMakeFilesIn(`${folder}/none`), false);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("what is everybody's to read is not everybody's to write", { ignore: Deno.uid() === 0 }, () => {
  assert.equal(mayReadAndWrite("/etc/passwd"), false);
  assert.equal(mayMakeFilesIn("/etc"), false);
});

Deno.test("isInterface() knows lo, and no name that is too long or made up", () => {
  assert.equal(isInterface("lo"), true);
  assert.equal(isInterface("fwknop-none0"), false);
  assert.equal(isInterface("x".repeat(200)), false);
});

Deno.test("hasCapability() is what /proc says of the process", () => {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]}`);
  for (const capability of [CAP_NET_ADMIN, CAP_NET_RAW, 0, 40]) {
    assert.equal(hasCapability(capability), (mask & (1n << BigInt(capability))) !== 0n, String(capability));
  }
  assert.equal(hasCapability(63), false);
});
