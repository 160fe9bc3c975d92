import assert from "node:assert/strict";
import { createEngines } from "../../../daemon/gpg/engines.ts";
import type { GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { NOW } from "../../fakes/knock.ts";

Deno.test("createEngines() opens by what the policy says", async () => {
  const stop = AbortSignal.abort();
  const engines = createEngines({ now: () => NOW, module: "file:///nowhere.ts", stop });
  const policy = { recipients: null, passphrase: null, signers: null };
  const file = { path: "/etc/key.asc", bytes: new Uint8Array(0) };
  const rows: readonly (readonly [engine: GpgPolicy["engine"], says: RegExp])[] = [
    [{ kind: "keyring", exe: "/the/gpg", home: "/home", decryptId: null }, /^\/the\/gpg was ended/],
    [{ kind: "files", decrypt: file, remote: [] }, /^the key files could not be used: the daemon ends/],
  ];
  for (const [engine, says] of rows) {
    const opened = await engines({ ...policy, engine })(new Uint8Array(10));
    assert.ok(!opened.ok);
    assert.match(opened.fault.what, says);
  }
});
