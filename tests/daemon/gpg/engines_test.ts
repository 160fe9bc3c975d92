import assert from "node:assert/strict";
import { createEngines } from "../../../daemon/gpg/engines.ts";
import type { GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { NOW } from "../../fakes/knock.ts";

Deno.test("createEngines() reads key files when the first message comes, and says what is wrong with them", async () => {
  const file = { path: "/etc/key.asc", bytes: new TextEncoder().encode("no key") };
  const engines = createEngines({ now: () => NOW });
  const policy: GpgPolicy = {
    engine: { kind: "files", decrypt: file, remote: [] },
    recipients: null,
    passphrase: null,
    signers: null,
  };
  const open = engines(policy);
  assert.equal(engines(policy), open, "files are parsed once");
  assert.notEqual(engines({ ...policy }), open);
  const opened = await open(new Uint8Array(10));
  assert.ok(!opened.ok);
  assert.match(opened.fault.what, /\/etc\/key\.asc holds no secret key/);
});
