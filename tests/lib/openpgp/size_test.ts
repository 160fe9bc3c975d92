import assert from "node:assert/strict";
import { formatKind, type KeyKind, packetLength, remedyForLength } from "../../../lib/openpgp/size.ts";

const rsa = (bits: number): KeyKind => ({ algorithm: "rsa", bits });
const CV25519: KeyKind = { algorithm: "ecdh", bits: 255 };
const ED25519: KeyKind = { algorithm: "eddsa", bits: 255 };

Deno.test("F4: packetLength() knows which pairs of keys a server takes; that gpg agrees is seen in keyring_test.ts", () => {
  const rows: readonly (readonly [recipient: KeyKind, signer: KeyKind | null, tag: number, fits: boolean])[] = [
    [rsa(2048), rsa(2048), 43, true],
    [rsa(3072), rsa(3072), 43, true],
    [rsa(4096), rsa(2048), 43, true],
    [rsa(4096), rsa(3072), 43, false],
    [rsa(4096), rsa(4096), 0, false],
    [rsa(4096), null, 43, true],
    [CV25519, ED25519, 86, true],
  ];
  for (const [recipient, signer, tag, fits] of rows) {
    const length = packetLength({ recipient, signer, plaintext: 110, tag });
    assert.equal(length <= 1499, fits, `${formatKind(recipient)}: ${length}`);
  }
});

Deno.test("the remedy names the pairs that fit this message", () => {
  const parts = { recipient: rsa(4096), signer: rsa(4096), plaintext: 110, tag: 43 };
  assert.match(remedyForLength(parts), /RSA-4096 signed by RSA-2048, RSA-3072 signed by RSA-3072/);
  assert.doesNotMatch(remedyForLength(parts), /SHA256/);
  assert.match(remedyForLength({ ...parts, tag: 86 }), /SHA256 has 43/);
  assert.match(remedyForLength({ ...parts, plaintext: 1000 }), /no pair of RSA keys/);
});

Deno.test("formatKind() names algorithm and size", () => {
  assert.equal(formatKind(rsa(3072)), "RSA-3072");
  assert.equal(formatKind(ED25519), "EdDSA-255");
  assert.equal(formatKind({ algorithm: "unknown", bits: 0 }), "an unknown algorithm");
});
