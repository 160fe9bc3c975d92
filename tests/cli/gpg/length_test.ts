import assert from "node:assert/strict";
import { gpgPacketError, keysOf, partsOf } from "../../../cli/gpg/length.ts";
import { fault } from "../../../lib/faults.ts";
import type { OpenPgp, PgpKey } from "../../../lib/openpgp/openpgp.ts";

function key(bits: number): PgpKey {
  return { fingerprint: "F", userId: "a", kind: { algorithm: "rsa", bits }, trusted: true, expires: null };
}

function engine(recipient: number, signer: number | null): OpenPgp {
  const no = () => Promise.reject(new Error("not asked for"));
  return { recipient: key(recipient), signer: signer === null ? null : key(signer), unlock: no, decrypt: no };
}

const secrets = { cipher: { kind: "gpg" }, hmac: null } as const;

Deno.test("F4: a packet that is too long is told with the keys, the numbers and what fits", () => {
  const error = gpgPacketError(fault("gpg-result-length"), { secrets, pgp: engine(4096, 4096) });
  assert.match(
    error.message,
    /Error 59 - .*RSA-4096 and a signature of RSA-4096 it has about 1[67][0-9]{2} characters, .*1499/,
  );
  assert.match(error.hint ?? "", /RSA-3072 signed by RSA-3072/);
});

Deno.test("one that is too short is told what makes it longer", () => {
  const unsigned = gpgPacketError(fault("encryption-type-unknown"), { secrets, pgp: engine(2048, null) });
  assert.match(`${unsigned.message} ${unsigned.hint}`, /no signature it has less than 400 .*--gpg-signer-key/);
  const signed = gpgPacketError(fault("encryption-type-unknown"), { secrets, pgp: engine(2048, 2048) });
  assert.match(signed.hint ?? "", /-m sha512/);
});

Deno.test("other faults are those of the message", () => {
  assert.match(
    gpgPacketError(fault("message-too-long"), { secrets, pgp: engine(2048, null) }).hint ?? "",
    /fewer ports/,
  );
});

Deno.test("partsOf() and keysOf() say what the length depends on", () => {
  const pgp = engine(3072, 2048);
  const rsa = (bits: number) => ({ algorithm: "rsa", bits } as const);
  assert.deepEqual(partsOf(pgp, { plaintext: 100, tag: 43 }), {
    recipient: rsa(3072),
    signer: rsa(2048),
    plaintext: 100,
    tag: 43,
  });
  assert.equal(keysOf(pgp), "a recipient of RSA-3072 and a signature of RSA-2048");
});
