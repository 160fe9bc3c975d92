import assert from "node:assert/strict";
import { listHome } from "../../../daemon/gpg/key_lists.ts";
import type { RunGpg } from "../../../lib/openpgp/keyring.ts";
import { ok } from "../../../lib/result.ts";

const NOTHING = { stdout: new Uint8Array(0), status: "" };

Deno.test("listHome() tells a home that is broken from a key that is not there, and passes on what gpg warns of", async () => {
  const saying = (stderr: string): RunGpg => () => Promise.resolve(ok({ ...NOTHING, code: 2, stderr }));
  const wanted = { home: "/h", signers: ["DEADBEEF"], decrypt: ["server"] };
  const missing = await listHome(
    saying("gpg: WARNING: unsafe ownership on homedir '/h'\ngpg: error reading key: No public key\n"),
    wanted,
  );
  assert.ok(missing.ok);
  assert.deepEqual(missing.value.signers, []);
  assert.deepEqual(missing.value.decrypt.get("server"), { keys: [], publicOnly: false });
  assert.deepEqual(missing.value.warnings, [
    "gpg: unsafe ownership on homedir '/h' (chown -R to the user who runs fwknopd, chmod 700)",
  ]);
  const broken = await listHome(saying("gpg: keyblock resource '/h/pubring.kbx': Permission denied\n"), wanted);
  assert.ok(!broken.ok);
  assert.match(broken.fault.what, /^the keys in \/h cannot be listed: keyblock resource .*: Permission denied$/);
});

Deno.test("listHome() tells a home that nobody may write to, where the agent cannot start and no secret key is found", async () => {
  const stderr = "gpg: can't connect to the agent: Read-only file system\n";
  const run: RunGpg = () => Promise.resolve(ok({ ...NOTHING, code: 2, stderr }));
  const listed = await listHome(run, { home: "/h", signers: [], decrypt: [null] });
  assert.ok(!listed.ok);
  assert.match(listed.fault.what, /Read-only file system$/);
  assert.match(listed.fault.remedy, /may write below \/var\/lib\/fwknop$/);
});

Deno.test("listHome() asks for more names than one program takes in several runs", async () => {
  const asked: number[] = [];
  const run: RunGpg = (args) => {
    asked.push(args.length - args.indexOf("--") - 1);
    return Promise.resolve(ok({ ...NOTHING, code: 2, stderr: "" }));
  };
  await listHome(run, { home: "/h", signers: Array.from({ length: 1100 }, (_, n) => String(n)), decrypt: [] });
  assert.deepEqual(asked, [500, 500, 100]);
});
