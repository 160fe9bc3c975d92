/** Packets of GnuPG without GnuPG: what seals and opens is a parameter. */
import assert from "node:assert/strict";
import { decodeBase64, encodeBase64 } from "../../../lib/base64.ts";
import { concat, textBytes } from "../../../lib/bytes.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { Secrets } from "../../../lib/crypto/secrets.ts";
import { fault } from "../../../lib/faults.ts";
import { fail, ok } from "../../../lib/result.ts";
import { openPgp } from "../../../lib/spa/open.ts";
import { seal } from "../../../lib/spa/seal.ts";
import { parseIp } from "../../../lib/net/address.ts";

const HMAC = { name: "sha256", key: textBytes("an HMAC key of tests") } as const;
const secrets = (hmac: Secrets["hmac"]): Secrets => ({ cipher: { kind: "gpg" }, hmac });

/** A message whose session key has this header, and which holds the text in the clear. */
function messageOf(header: readonly number[], plaintext: Uint8Array, fill = 300): Uint8Array {
  const length = header.at(-1)! | (header.length > 2 ? header.at(-2)! << 8 : 0);
  const key = Uint8Array.from({ length }, (_, index) => index === 0 ? 3 : index + 9 & 0xff);
  const padded = concat(plaintext, new Uint8Array(fill));
  return concat(
    Uint8Array.from(header),
    key,
    Uint8Array.of(0xd2, 0xff, 0, 0, padded.length >> 8, padded.length & 0xff),
    padded,
  );
}

/** Takes the text out of such a message. */
function decryptOf(header: readonly number[]) {
  return (message: Uint8Array) => {
    if (header.some((byte, index) => message[index] !== byte)) return Promise.resolve(fail(fault("gpg-decrypt")));
    const length = header.at(-1)! | (header.length > 2 ? header.at(-2)! << 8 : 0);
    const text = message.subarray(header.length + length + 6);
    return Promise.resolve(ok(text.subarray(0, text.indexOf(0))));
  };
}

async function sealed(hmac: Secrets["hmac"], encrypt: (plaintext: Uint8Array) => Uint8Array) {
  const allow = parseIp("192.0.2.10");
  assert.ok(allow.ok);
  return await seal(
    nobleEngine,
    {
      ...{ kind: "access", allow: allow.value, services: [{ proto: "tcp", port: 22 }], nat: null, timeout: 0 } as const,
      ...{ user: "alice", digest: "sha256" } as const,
    },
    secrets(hmac),
    {
      now: 1_700_000_000,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      encrypt: (plaintext) => Promise.resolve(encrypt(plaintext)),
    },
  );
}

Deno.test("F3, K8: a packet opens whatever two characters its sender cut off, with an HMAC and without", async () => {
  for (const header of [[0x85, 0x01, 0x0c], [0x85, 0x00, 0x5e], [0x84, 0x5e], [0x84, 0x7e], [0x84, 0xdf]]) {
    for (const hmac of [null, HMAC]) {
      const packet = await sealed(hmac, (plaintext) => messageOf(header, plaintext));
      assert.ok(packet.ok);
      const opened = await openPgp(nobleEngine, packet.value.wire, {
        secrets: secrets(hmac),
        decrypt: decryptOf(header),
      });
      assert.ok(opened.ok, `${header}: ${JSON.stringify(opened)}`);
      assert.equal(opened.value.message, "192.0.2.10,tcp/22");
      const changed = `${packet.value.wire.slice(0, -1)}${packet.value.wire.endsWith("A") ? "E" : "A"}`;
      if (hmac === null) continue;
      const refused = await openPgp(nobleEngine, changed, { secrets: secrets(hmac), decrypt: decryptOf(header) });
      assert.equal(refused.ok ? "" : refused.fault.code, "hmac-mismatch");
    }
  }
});

Deno.test("F4: a packet of more than 1499 characters, or so few that it is taken for Rijndael, is not made", async () => {
  const rows = [[760, HMAC, 59], [820, null, 59], [0, null, 65], [300, HMAC, null]] as const;
  for (const [fill, hmac, number] of rows) {
    const header = fill === 0 ? [0x84, 0x10] : [0x85, 0x01, 0x0c];
    const packet = await sealed(hmac, (plaintext) => messageOf(header, plaintext, fill));
    assert.equal(packet.ok ? null : packet.fault.number, number, `${fill}`);
    if (packet.ok) assert.ok(packet.value.wire.length <= 1499);
  }
});

Deno.test("without an HMAC that is right nothing is decrypted", async () => {
  let decrypted = 0;
  const decrypt = () => {
    decrypted++;
    return Promise.resolve(fail(fault("gpg-decrypt")));
  };
  for (
    const wire of ["A".repeat(500), "A".repeat(1499), "A".repeat(1500), "*".repeat(500), "hQ" + "A".repeat(500), ""]
  ) {
    const opened = await openPgp(nobleEngine, wire, { secrets: secrets(HMAC), decrypt });
    assert.equal(opened.ok, false);
  }
  assert.equal(decrypted, 0);
});

Deno.test("what a message holds is judged like every other: its length, its digest, its fields", async () => {
  const rows = [["", 6], ["x".repeat(1500), 6], [
    "1234567890123456:YQ:1700000000:3.0.0:1:MC4wLjAuMCx0Y3AvMjI:AAAA",
    99,
  ]] as const;
  const wire = encodeBase64(messageOf([0x85, 0x01, 0x0c], new Uint8Array(0))).slice(2);
  assert.notEqual(decodeBase64(`hQ${wire}`), null);
  for (const [text, number] of rows) {
    const decrypt = () => Promise.resolve(ok(textBytes(text)));
    const opened = await openPgp(nobleEngine, wire, { secrets: secrets(null), decrypt });
    assert.equal(opened.ok ? 0 : opened.fault.number, number, text.slice(0, 20));
  }
});
