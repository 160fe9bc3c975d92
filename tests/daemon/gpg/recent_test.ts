import assert from "node:assert/strict";
import type { GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { createRecent } from "../../../daemon/gpg/recent.ts";

const KEYRING = { kind: "keyring", exe: "/gpg", home: "/home", decryptId: null } as const;
const POLICY: GpgPolicy = { engine: KEYRING, recipients: null, passphrase: null, signers: null };

Deno.test("createRecent() knows the last messages, by what opens them and not by who may sign", () => {
  const recent = createRecent<string>(2);
  recent.remember("a", POLICY, "first");
  const alike = { ...POLICY, signers: { fingerprints: [], ids: null, ignoreErrors: false } };
  assert.equal(recent.find("a", alike), "first");
  assert.equal(recent.find("b", POLICY), undefined);
  const others: readonly GpgPolicy[] = [
    { ...POLICY, engine: { ...KEYRING, exe: "/other" } },
    { ...POLICY, engine: { ...KEYRING, home: "/other" } },
    { ...POLICY, passphrase: Uint8Array.of(1) },
    { ...POLICY, engine: { kind: "files", decrypt: { path: "/k", bytes: new Uint8Array(0) }, remote: [] } },
  ];
  for (const other of others) assert.equal(recent.find("a", other), undefined);
  const files = others.at(-1)!;
  recent.remember("a", files, "by files");
  assert.equal(recent.find("a", files), "by files");
  assert.equal(recent.find("a", { ...files }), undefined);
  recent.remember("b", POLICY, "third");
  assert.equal(recent.find("a", POLICY), undefined, "two are known");
});
