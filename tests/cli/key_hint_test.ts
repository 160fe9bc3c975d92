import assert from "node:assert/strict";
import { decodeBase64, encodeBase64 } from "../../lib/base64.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { hintedSalt, hintOfWire } from "../../lib/spa/key_hint.ts";
import { H64, K64, runOwn, temporaryFolder } from "./harness.ts";

const NOW = 1_700_000_000;
const KNOCK = ["-A", "tcp/22", "-a", "192.0.2.7", "-D", "127.0.0.1", "--no-save-args", "--key-base64-rijndael", K64];
const HMAC = ["--key-base64-hmac", H64];

/** The number of the first three bytes of the salt of what is sent. */
async function sentWith(argv: readonly string[], rc: string | null = null): Promise<number | null> {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  if (rc !== null) Deno.writeTextFileSync(path, rc, { mode: 0o600 });
  const { code, err, sent } = await runOwn([...rc === null ? ["--no-rc-file"] : ["--rc-file", path], ...argv], {
    now: NOW,
  });
  assert.equal(code, 0, err);
  return hintOfWire(sent[0]!.packet);
}

/** That of a client which gives the hint of this moment. */
async function hintAt(now: number): Promise<number | null> {
  const key = decodeBase64(H64.replace(/=+$/, ""))!;
  const salt = await hintedSalt(webEngine, new Uint8Array(8), { hmacKey: key, now });
  const header = new TextEncoder().encode("Salted__");
  return hintOfWire(encodeBase64(Uint8Array.of(...header, ...salt, 0, 0)).slice("U2FsdGVkX1".length));
}

Deno.test("the client gives the hint of its HMAC key and its time, unless it is told not to, or the mode cannot bear it", async () => {
  const hint = await hintAt(NOW);
  assert.equal(await sentWith([...KNOCK, ...HMAC]), hint);
  assert.equal(await sentWith([...KNOCK, ...HMAC, "-M", "ecb"]), hint);
  assert.equal(await sentWith([...KNOCK, ...HMAC, "--time-offset-plus", "1h"]), await hintAt(NOW + 3600));
  for (const without of [["--no-key-hint"], ["-M", "ctr"], ["-M", "ofb"]]) {
    assert.notEqual(await sentWith([...KNOCK, ...HMAC, ...without]), hint, without.join(" "));
  }
  assert.notEqual(await sentWith(KNOCK), hint, "no HMAC key");
});

Deno.test("KEY_HINT in .fwknoprc switches it off", async () => {
  const hint = await hintAt(NOW);
  assert.equal(await sentWith([...KNOCK, ...HMAC], "[default]\nKEY_HINT Y\n"), hint);
  assert.notEqual(await sentWith([...KNOCK, ...HMAC], "[default]\nKEY_HINT N\n"), hint);
});

Deno.test("--no-key-hint is saved as KEY_HINT N, and read back so", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/rc`;
  const saved = await runOwn(["--rc-file", path, "-n", "gw", "--save-rc-stanza", ...KNOCK, ...HMAC, "--no-key-hint"], {
    now: NOW,
  });
  assert.equal(saved.code, 0, saved.err);
  assert.match(Deno.readTextFileSync(path), /^KEY_HINT +N$/m);
  const { sent } = await runOwn(["--rc-file", path, "-n", "gw", "--no-save-args"], { now: NOW });
  assert.notEqual(hintOfWire(sent[0]!.packet), await hintAt(NOW));
});
