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
import { SPA_VECTORS, spaVector } from "../../vectors/vectors.ts";
import { twinSeal } from "./twin.ts";
import { withCipher } from "../../fakes/secrets.ts";

const ENGINES: readonly [string, CryptoEngine][] = [["noble", nobleEngine], ["web", webEngine]];

for (const [name, engine] of ENGINES) {
  for (const vector of SPA_VECTORS) {
    Deno.test(`${name} engine: ${vector.name} opens and re-encodes byte for byte`, async () => {
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
      assert.equal(sealed.ok && sealed.value.wire, vector.packet, vector.name);
      made++;
    }
    assert.ok(made >= 9, `${made} vectors`);
  });
}

Deno.test("deriveKey() gives the AES keys and IVs of the vectors", async () => {
  for (const vector of SPA_VECTORS) {
    const derived = await deriveKey(nobleEngine, vector.keys.cipher.mode, vector.keys.cipher.key, vector.salt);
    assert.deepEqual(derived.key, vector.aesKey, vector.name);
    assert.deepEqual(derived.iv, vector.iv, vector.name);
  }
});

Deno.test("the twin of the tests makes the same packets, so what it makes elsewhere can be believed", () => {
  for (const vector of SPA_VECTORS) {
    const encoded = vector.plaintext.slice(0, vector.plaintext.lastIndexOf(":"));
    assert.equal(twinSeal(encoded, vector.digest, vector.keys, vector.salt), vector.packet, vector.name);
  }
});

Deno.test("the vectors mean what their options asked for", async () => {
  const opened = async (name: string) => {
    const vector = spaVector(name);
    const result = await open(nobleEngine, vector.packet, vector.keys);
    assert.ok(result.ok);
    return result.value;
  };
  const command = await opened("command_cfb_sha1");
  assert.equal(command.type, 0);
  assert.ok(command.request.kind === "command" && command.request.command === "id -u; echo hi");
  const nat = await opened("nat_ofb_sha384");
  assert.deepEqual([nat.type, nat.nat], [2, { host: "10.1.2.3", port: 8022 }]);
  const localNat = await opened("local_nat_timeout_ecb");
  assert.deepEqual([localNat.type, localNat.clientTimeout, localNat.nat], [6, 60, { host: "127.0.0.1", port: 22 }]);
  const natHost = await opened("nat_host_timeout_sha3_512");
  assert.deepEqual([natHost.type, natHost.nat], [4, { host: "internal.example.com", port: 443 }]);
  const anySource = await opened("source_any_udp");
  assert.ok(anySource.request.kind === "access");
  assert.equal(anySource.request.allow.text, "0.0.0.0");
  assert.deepEqual(anySource.request.services, [{ proto: "udp", port: 5353 }]);
  const serverAuth = await opened("server_auth_timeout");
  assert.deepEqual([serverAuth.type, serverAuth.serverAuth, serverAuth.clientTimeout], [3, "crypt,letmein", 45]);
});

Deno.test("seal() answers 105 to the secrets of GnuPG", async () => {
  const { packet, keys, salt } = spaVector("access_md5_short_key");
  const opened = await open(nobleEngine, packet, keys);
  assert.ok(opened.ok);
  const secrets: Secrets = { cipher: { kind: "gpg" }, hmac: null };
  const sealed = await sealFields(nobleEngine, opened.value, "sha256", { secrets, salt });
  assert.equal(!sealed.ok && sealed.fault.number, 105);
});

Deno.test("F2: seal() answers 64 to PCBC and to what is no mode at all", async () => {
  const { packet, keys, salt } = spaVector("access_md5_short_key");
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
