import assert from "node:assert/strict";
import { decryptedMessage, decryptionFailure, encryptionFailure } from "../../../lib/openpgp/status.ts";

/** As they come with `--status-fd 2`. */
const words = (text: string) => ({ status: text, stderr: text });

const FAILED = "gpg: signing failed: something\n[GNUPG:] BEGIN_SIGNING H10\n[GNUPG:] FAILURE sign-encrypt ";

Deno.test("every reason of gpg becomes a sentence with a remedy", () => {
  const rows: readonly (readonly [status: string, number: number, what: RegExp])[] = [
    [`${FAILED}67108875`, 121, /wrong/],
    [`${FAILED}67108924`, 121, /takes no passphrase from a program/],
    [`${FAILED}83886179`, 121, /cancelled/],
    [`${FAILED}83886278`, 121, /cancelled/],
    [`${FAILED}67109041`, 121, /none was given/],
    [`${FAILED}67108926`, 121, /nobody answered/],
    [`${FAILED}67108949`, 122, /no pinentry/],
    [`${FAILED}83918950`, 122, /no terminal/],
    [`${FAILED}67108941`, 122, /gpg-agent does not answer/],
    [`${FAILED}67108881`, 125, /secret key is not here/],
    ["[GNUPG:] INV_SGNR 9 nobody\n[GNUPG:] FAILURE sign-encrypt 17", 125, /secret key is not here/],
    ["[GNUPG:] INV_SGNR 0 nobody\n[GNUPG:] FAILURE sign-encrypt 1", 125, /does not sign/],
    ["[GNUPG:] INV_SGNR 0 me\n[GNUPG:] FAILURE sign-encrypt 67108924", 121, /takes no passphrase/],
    ["[GNUPG:] INV_RECP 1 nobody\n[GNUPG:] FAILURE encrypt 9", 122, /does not encrypt to this key \(reason 1\)/],
    [`${FAILED}1\ngpg: the moon is full`, 122, /gpg says: the moon is full$/],
    ["", 122, /did not say why/],
  ];
  for (const [status, number, what] of rows) {
    const { fault } = encryptionFailure(words(status));
    assert.deepEqual([fault.fault.number, what.test(fault.what)], [number, true], `${status}: ${fault.what}`);
    assert.notEqual(fault.remedy, "");
  }
});

Deno.test("why a message did not open", () => {
  const rows: readonly (readonly [status: string, number: number, what: RegExp])[] = [
    ["[GNUPG:] NO_SECKEY 75B5E5E7A6C5D66E\n[GNUPG:] FAILURE decrypt 17", 132, /secret key of the recipient/],
    ["[GNUPG:] FAILURE decrypt 67108875", 121, /passphrase is wrong/],
    ["gpg: no valid OpenPGP data found.\n[GNUPG:] NODATA 1", 132, /no valid OpenPGP data/],
  ];
  for (const [status, number, what] of rows) {
    const { fault } = decryptionFailure(words(status));
    assert.deepEqual([fault.fault.number, what.test(fault.what)], [number, true], status);
  }
});

const PRINT = "C1900061D851B4B032C609C31E0A7A79A5F93B4D";
const WHOLE = "[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\n";

Deno.test("a message counts only where gpg said that it is whole, and a signature only where it is good and whose is known", () => {
  const good =
    `[GNUPG:] NEWSIG x\n[GNUPG:] GOODSIG 1E0A7A79A5F93B4D x\n[GNUPG:] VALIDSIG ${PRINT} 2026 1 0 4 0 22 10 00 ${PRINT}\n`;
  const text = new TextEncoder().encode("text");
  const sound = { fingerprint: PRINT, primary: PRINT, good: true, right: true, trusted: null };
  const unknown = { fingerprint: "", primary: "", good: false, right: false, trusted: null };
  const rows: readonly (readonly [status: string, signatures: unknown])[] = [
    ["", null],
    ["[GNUPG:] DECRYPTION_OKAY\n", null],
    ["[GNUPG:] GOODMDC\n", null],
    [WHOLE, []],
    [good + WHOLE, [sound]],
    [`${good}[GNUPG:] TRUST_UNDEFINED 0 pgp\n${WHOLE}`, [{ ...sound, trusted: false }]],
    [`${good}[GNUPG:] TRUST_NEVER 0 pgp\n${WHOLE}`, [{ ...sound, trusted: false }]],
    [`${good}[GNUPG:] TRUST_MARGINAL 0 pgp\n${WHOLE}`, [{ ...sound, trusted: true }]],
    [`${good}[GNUPG:] TRUST_FULLY 0 pgp\n${WHOLE}`, [{ ...sound, trusted: true }]],
    [`${good}[GNUPG:] TRUST_ULTIMATE 0 pgp\n${WHOLE}`, [{ ...sound, trusted: true }]],
    [good.replace("GOODSIG", "EXPKEYSIG") + WHOLE, [{ ...sound, good: false }]],
    [good.replace("GOODSIG", "REVKEYSIG") + WHOLE, [{ ...sound, good: false }]],
    [good.replace(/.*VALIDSIG.*\n/, "") + WHOLE, [unknown]],
    [`[GNUPG:] NEWSIG\n[GNUPG:] BADSIG 1E0A7A79A5F93B4D x\n${WHOLE}`, [unknown]],
    [
      `[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 1E0A7A79A5F93B4D 22 10 00 1 9 ${PRINT}\n${good}${WHOLE}`,
      [{ ...unknown, fingerprint: PRINT }, sound],
    ],
  ];
  for (const [status, signatures] of rows) {
    const opened = decryptedMessage(text, { status });
    assert.deepEqual(opened?.signatures ?? null, signatures, status);
    if (opened !== null) assert.equal(opened.plaintext, text);
  }
});

Deno.test("how often something was encrypted and what the text was wrapped in is told as gpg says it", () => {
  const once = "[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] PLAINTEXT 62 1795868510 \n";
  const opened = decryptedMessage(new Uint8Array(0), { status: once + WHOLE });
  assert.deepEqual([opened?.encryptions, opened?.literals], [1, [{ format: "b", name: "" }]]);
  const strange = `${once}[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] PLAINTEXT 74 1795868510 a%20name\n${WHOLE}`;
  const twice = decryptedMessage(new Uint8Array(0), { status: strange });
  assert.deepEqual([twice?.encryptions, twice?.literals], [2, [{ format: "b", name: "" }, {
    format: "t",
    name: "a%20name",
  }]]);
});
