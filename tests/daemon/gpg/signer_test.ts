import assert from "node:assert/strict";
import type { GpgPolicy, GpgSigners } from "../../../daemon/gpg/policy.ts";
import { judge } from "../../../daemon/gpg/signer.ts";
import type { Decrypted, PgpSignature } from "../../../lib/openpgp/openpgp.ts";

const ALICE = "A".repeat(40), SUBKEY = "B".repeat(40), MALLORY = "C".repeat(40);
const SIGNED: PgpSignature = { fingerprint: SUBKEY, primary: ALICE, good: true, right: true, trusted: true };
const MESSAGE: Decrypted = {
  plaintext: new Uint8Array(0),
  signatures: [SIGNED],
  literals: [{ format: "b", name: "" }],
  encryptions: 1,
};
const KEYRING = { kind: "keyring", exe: "/gpg", home: "/home", decryptId: null } as const;
const FILES = { kind: "files", decrypt: { path: "/k", bytes: new Uint8Array(0) }, remote: [] } as const;
const LISTS: GpgSigners = { fingerprints: [ALICE], ids: null, ignoreErrors: false };

/** What is said of the message; `true` where it is taken. */
function said(
  message: Partial<Decrypted>,
  signers: Partial<GpgSigners> | null = {},
  engine: GpgPolicy["engine"] = KEYRING,
): string | true {
  const judged = judge({ ...MESSAGE, ...message }, { engine, signers: signers && { ...LISTS, ...signers } });
  if (judged.ok) return true;
  return "failure" in judged.fault ? judged.fault.failure.what : judged.fault.unlisted.list;
}

const by = (changes: Partial<PgpSignature>) => ({ signatures: [{ ...SIGNED, ...changes }] });

Deno.test("judge() takes one text, encrypted once, with one good signature by a key of the list", () => {
  assert.deepEqual(judge(MESSAGE, { engine: KEYRING, signers: LISTS }), { ok: true, value: SIGNED });
  assert.equal(said({}, { fingerprints: [SUBKEY] }), true);
  assert.equal(said({}, { fingerprints: null, ids: [ALICE] }), true);
  assert.equal(said({}, { fingerprints: [MALLORY, ALICE], ids: [SUBKEY] }), true);
});

Deno.test("judge() refuses what no client makes, whoever has signed it", () => {
  const literal = { format: "b", name: "" };
  const rows: readonly (readonly [why: string, Partial<Decrypted>, RegExp])[] = [
    ["encrypted twice", { encryptions: 2 }, /more than once/],
    ["not encrypted", { encryptions: 0 }, /more than once/],
    ["no text", { literals: [] }, /one text/],
    ["two texts", { literals: [literal, literal] }, /one text/],
    ["a file name", { literals: [{ ...literal, name: "x" }] }, /a file/],
    ["text", { literals: [{ ...literal, format: "t" }] }, /or text/],
    ["UTF-8", { literals: [{ ...literal, format: "u" }] }, /or text/],
    ["two signatures", { signatures: [SIGNED, SIGNED] }, /more than one signature/],
    ["a bad one in front", { signatures: [{ ...SIGNED, right: false, good: false }, SIGNED] }, /more than one/],
  ];
  for (const [why, message, says] of rows) {
    for (const signers of [{}, null]) assert.match(String(said(message, signers)), says, why);
  }
});

Deno.test("judge() counts no signature that is missing, wrong, of a key that is gone, or of one that nobody vouches for", () => {
  assert.match(String(said({ signatures: [] })), /only encrypted/);
  assert.match(String(said(by({ good: false, right: false, fingerprint: "" }))), /not right/);
  assert.match(String(said(by({ good: false, right: false }))), /is not known here/);
  assert.match(String(said(by({ good: false }))), /expired or is revoked/);
  assert.match(String(said(by({ trusted: false }))), /nobody says whose/);
  assert.match(String(said(by({ trusted: null }))), /nobody says whose/);
  assert.equal(said(by({ trusted: null }), {}, FILES), true, "in files there is nobody to ask");
});

Deno.test("judge() lets GPG_IGNORE_SIG_VERIFY_ERROR leave out everything but that a key of the list has signed this", () => {
  const ignoring = { ignoreErrors: true };
  assert.equal(said(by({ good: false }), ignoring), true);
  assert.equal(said(by({ trusted: false }), ignoring), true);
  assert.match(String(said(by({ good: false, right: false }), ignoring)), /is not known here/);
  assert.match(String(said({ signatures: [] }, ignoring)), /only encrypted/);
  assert.equal(said(by({ fingerprint: MALLORY, primary: MALLORY, good: false }), ignoring), "GPG_FINGERPRINT_ID");
});

Deno.test("judge() says which list a signer is not in: both have to name it", () => {
  const mallory = by({ fingerprint: MALLORY, primary: MALLORY });
  assert.equal(said(mallory), "GPG_FINGERPRINT_ID");
  assert.equal(said(mallory, { fingerprints: null, ids: [ALICE] }), "GPG_REMOTE_ID");
  assert.equal(said({}, { ids: [MALLORY] }), "GPG_REMOTE_ID");
  assert.equal(said({}, { fingerprints: [MALLORY], ids: [ALICE] }), "GPG_FINGERPRINT_ID");
  assert.equal(said({}, { fingerprints: [], ids: null }), "GPG_FINGERPRINT_ID", "an empty list names nobody");
  assert.equal(said({}, { fingerprints: null }), "GPG_FINGERPRINT_ID", "without a list nobody is named");
  assert.equal(said(by({ primary: "" }), { fingerprints: [""] }), "GPG_FINGERPRINT_ID");
});

Deno.test("judge() needs no signature where none is asked for, and names nobody", () => {
  for (const signatures of [[], [SIGNED], [{ ...SIGNED, right: false, good: false }]]) {
    assert.deepEqual(judge({ ...MESSAGE, signatures }, { engine: KEYRING, signers: null }), { ok: true, value: null });
  }
});
