import assert from "node:assert/strict";
import { chooseEngine, libcryptoEngine } from "../../../daemon/crypto/libcrypto_engine.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { CryptoEngine, KeyRing } from "../../../lib/crypto/engine.ts";

function chosen(candidate?: CryptoEngine) {
  const lines: string[] = [];
  const engine = chooseEngine((level, text) => void lines.push(`${level}: ${text}`), candidate);
  return { engine, lines };
}

Deno.test("chooseEngine() takes libcrypto where it is there, and says nothing", () => {
  assert.deepEqual(chosen(), { engine: libcryptoEngine, lines: [] });
});

Deno.test("chooseEngine() goes on without libcrypto, with one line for whoever looks, where it cannot be loaded", () => {
  const missing = () => {
    throw new FfiError("Cannot load libcrypto.so.3: it is in none of /usr/lib", { library: "libcrypto.so.3" });
  };
  for (const broken of [{ digest: missing }, { keyRing: missing }, { decrypt: missing }]) {
    const { engine, lines } = chosen({ ...libcryptoEngine, ...broken });
    assert.equal(engine, nobleEngine);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^debug: .*without libcrypto.*: Cannot load libcrypto\.so\.3/);
  }
});

Deno.test("chooseEngine() trusts no library that answers otherwise", () => {
  const ring = (changes: (real: KeyRing) => Partial<KeyRing>): CryptoEngine => ({
    ...libcryptoEngine,
    keyRing: (name, keys) => {
      const real = libcryptoEngine.keyRing!(name, keys);
      return name === "sha512" ? { ...real, ...changes(real) } : real;
    },
  });
  const strange: CryptoEngine[] = [
    { ...libcryptoEngine, digest: (name, data) => nobleEngine.digest(name === "sha384" ? "sha1" : name, data) },
    ring(() => ({ fits: () => true })),
    ring(() => ({ fits: () => false })),
    ring((real) => ({ fits: (key) => key === 3 || real.fits(key) })),
    ring((real) => ({ hmac: (key) => real.hmac(key).map((byte, i) => i === 63 ? byte ^ 1 : byte) })),
    { ...libcryptoEngine, keyRing: undefined as never },
  ];
  for (const candidate of strange) {
    const { engine, lines } = chosen(candidate);
    assert.equal(engine, nobleEngine);
    assert.match(lines.join("\n"), /^debug: .*: it gives other digests$/);
  }
});

Deno.test("chooseEngine() trusts no library that decrypts otherwise", () => {
  const zeros = (_mode: string, _key: Uint8Array, _iv: Uint8Array, blocks: Uint8Array) => new Uint8Array(blocks.length);
  const mixed: CryptoEngine["decrypt"] = (mode, ...of) => libcryptoEngine.decrypt(mode === "ofb" ? "cfb" : mode, ...of);
  for (const broken of [{ encrypt: zeros }, { decrypt: zeros }, { decrypt: mixed }]) {
    const { engine, lines } = chosen({ ...libcryptoEngine, ...broken });
    assert.equal(engine, nobleEngine);
    assert.match(lines.join("\n"), /^debug: .*: it decrypts otherwise$/);
  }
});
