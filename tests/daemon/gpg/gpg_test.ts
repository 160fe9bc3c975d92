import assert from "node:assert/strict";
import { createGpg } from "../../../daemon/gpg/gpg.ts";
import type { GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { ip, KEYS, NOW, stanza } from "../../fakes/knock.ts";

const SECRETS = [{ cipher: { kind: "gpg" }, hmac: KEYS.hmac } as const];
/** What an elliptic curve's message looks like, without its first two characters; no key opens it. */
const BODY = "V".padEnd(16, "A");

/** A gpg that never ends, whoever asks it to, in a folder that goes. */
function hangingGpg() {
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/gpg`, `#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n`, { mode: 0o700 });
  return { exe: `${folder}/gpg`, folder, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

/** A message for a key, with its integrity protected, as the text of a packet. */
function someBody(): string {
  const parts = [0x85, 1, 12, 3, 1, 2, 3, 4, 5, 6, 7, 8, 1, ...new Array(258).fill(9), 0xd2, 100, 1];
  return Uint8Array.from([...parts, ...new Array(99).fill(7)]).toBase64({ omitPadding: true }).slice(2);
}

Deno.test("createGpg() ends what runs when the daemon ends, and starts nothing afterwards", async () => {
  using fake = hangingGpg();
  const policy: GpgPolicy = {
    engine: { kind: "keyring", exe: fake.exe, home: fake.folder, decryptId: null },
    recipients: null,
    passphrase: null,
    signers: null,
  };
  const gpg = createGpg({ clock: Date.now, steady: () => performance.now(), module: "file:///nowhere.ts" });
  const match = {
    stanza: stanza({ gpg: policy, secrets: SECRETS }),
    source: ip("192.0.2.1"),
    destination: ip("192.0.2.9"),
    now: NOW,
  };
  const work = gpg.open(someBody(), match);
  await gpg.end();
  const first = await work;
  assert.ok(!first.ok);
  assert.match(first.fault.map(textOf).join(), /was ended, because the daemon ends/);
  const later = await gpg.open(someBody(), match);
  assert.ok(!later.ok);
  assert.match(later.fault.map(textOf).join(), /was ended, because the daemon ends/);
  assert.ok(!(await gpg.open(BODY, match)).ok);
});
