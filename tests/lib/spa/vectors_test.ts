import assert from "node:assert/strict";
import type { CryptoEngine } from "../../../lib/crypto/engine.ts";
import type { Secrets } from "../../../lib/crypto/secrets.ts";
import { PROTOCOL_VERSION } from "../../../lib/limits.ts";
import { deriveKey } from "../../../lib/crypto/kdf.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import type { SealRequest } from "../../../lib/spa/request.ts";
import { seal, sealFields } from "../../../lib/spa/seal.ts";
import type { SpaMessage } from "../../../lib/wire/message.ts";
import { SPA_VECTORS, spaVector } from "../../vectors/spa.ts";
import { twinSeal } from "./twin.ts";
import { withCipher } from "../../fakes/secrets.ts";

const ENGINES: readonly [string, CryptoEngine][] = [["noble", nobleEngine], ["web", webEngine]];

for (const [name, engine] of ENGINES) {
  for (const vector of SPA_VECTORS) {
    Deno.test(`${name} engine: ${vector.id} opens and re-encodes byte for byte`, async () => {
      const opened = await open(engine, vector.packet, vector.keys);
      assert.ok(opened.ok, JSON.stringify(opened));
      const { digest, encoded } = opened.value;
      assert.equal(`${encoded}:${digest}`, vector.plaintext);
      assert.equal(opened.value.digestName, vector.digest);
      const sealed = await sealFields(engine, opened.value, vector.digest, { secrets: vector.keys, salt: vector.salt });
      assert.ok(sealed.ok, JSON.stringify(sealed));
      assert.equal(sealed.value.wire, vector.packet);
      assert.equal(sealed.value.encoded, encoded);
      assert.equal(sealed.value.digest, digest);
      assert.equal(
        sealed.value.hmac,
        vector.keys.hmac === null ? null : vector.packet.slice(-sealed.value.hmac!.length),
      );
    });
  }
}

/** The request that the message of a packet answers to. */
function requestOf(message: SpaMessage): SealRequest {
  const { request, nat, type, clientTimeout, username: user, digestName: digest } = message;
  return request.kind === "command" ? { ...request, user, digest } : {
    ...request,
    nat: nat === null ? null : { ...nat, local: type === 5 || type === 6 },
    timeout: clientTimeout,
    user,
    digest,
  };
}

for (const [name, engine] of ENGINES) {
  Deno.test(`${name} engine: seal() makes the vectors of the same requests, the same time and the same random bytes`, async () => {
    let made = 0;
    for (const vector of SPA_VECTORS) {
      const opened = await open(engine, vector.packet, vector.keys);
      assert.ok(opened.ok);
      const { random, timestamp, serverAuth, version } = opened.value;
      // Only a library writes those.
      if (serverAuth !== null || version !== PROTOCOL_VERSION) continue;
      const bytes = [Uint8Array.from(random, Number), vector.salt];
      const source = (length: number) => {
        const next = bytes.shift();
        assert.equal(next?.length, length);
        return next;
      };
      const sealed = await seal(engine, requestOf(opened.value), vector.keys, { now: timestamp, random: source });
      assert.equal(sealed.ok && sealed.value.wire, vector.packet, vector.id);
      made++;
    }
    assert.ok(made >= 9, `${made} vectors`);
  });
}

Deno.test("deriveKey() gives the AES keys and IVs of the vectors", async () => {
  for (const vector of SPA_VECTORS) {
    const derived = await deriveKey(nobleEngine, vector.keys.cipher.mode, vector.keys.cipher.key, vector.salt);
    assert.deepEqual(derived.key, vector.aesKey, vector.id);
    assert.deepEqual(derived.iv, vector.iv, vector.id);
  }
});

Deno.test("the twin of the tests makes the same packets, so what it makes elsewhere can be believed", () => {
  for (const vector of SPA_VECTORS) {
    const encoded = vector.plaintext.slice(0, vector.plaintext.lastIndexOf(":"));
    assert.equal(twinSeal(encoded, vector.digest, vector.keys, vector.salt), vector.packet, vector.id);
  }
});

Deno.test("the vectors mean what their options asked for", async () => {
  const opened = async (id: string) => {
    const vector = spaVector(id);
    const result = await open(nobleEngine, vector.packet, vector.keys);
    assert.ok(result.ok);
    return result.value;
  };
  const v4 = await opened("V4");
  assert.equal(v4.type, 0);
  assert.ok(v4.request.kind === "command" && v4.request.command === "id -u; echo hi");
  const v5 = await opened("V5");
  assert.deepEqual([v5.type, v5.nat], [2, { host: "10.1.2.3", port: 8022 }]);
  const v6 = await opened("V6");
  assert.deepEqual([v6.type, v6.clientTimeout, v6.nat], [6, 60, { host: "127.0.0.1", port: 22 }]);
  const v8 = await opened("V8");
  assert.deepEqual([v8.type, v8.nat], [4, { host: "internal.example.com", port: 443 }]);
  const v9 = await opened("V9");
  assert.ok(v9.request.kind === "access");
  assert.equal(v9.request.allow.text, "0.0.0.0");
  assert.deepEqual(v9.request.services, [{ proto: "udp", port: 5353 }]);
  const l1 = await opened("L1");
  assert.deepEqual([l1.type, l1.serverAuth, l1.clientTimeout], [3, "crypt,letmein", 45]);
});

Deno.test("seal() answers 105 to the secrets of GnuPG", async () => {
  const { packet, keys, salt } = spaVector("V2");
  const opened = await open(nobleEngine, packet, keys);
  assert.ok(opened.ok);
  const secrets: Secrets = { cipher: { kind: "gpg" }, hmac: null };
  const sealed = await sealFields(nobleEngine, opened.value, "sha256", { secrets, salt });
  assert.equal(!sealed.ok && sealed.fault.number, 105);
});

Deno.test("F2: seal() answers 64 to PCBC and to what is no mode at all", async () => {
  const { packet, keys, salt } = spaVector("V2");
  const opened = await open(nobleEngine, packet, keys);
  assert.ok(opened.ok);
  for (const mode of ["pcbc", "asymmetric", ""]) {
    for (const [, engine] of ENGINES) {
      const sealed = await sealFields(engine, opened.value, "sha256", {
        secrets: withCipher(keys, { mode: mode as "cbc" }),
        salt,
      });
      assert.equal(!sealed.ok && sealed.fault.number, 64, mode);
    }
  }
});
