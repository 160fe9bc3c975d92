import assert from "node:assert/strict";
import { encodeBase64 } from "../../../lib/base64.ts";
import { concat, textBytes } from "../../../lib/bytes.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { gpgFail } from "../../../lib/openpgp/failure.ts";
import type { Decrypted, PgpOpen } from "../../../lib/openpgp/openpgp.ts";
import { ok } from "../../../lib/result.ts";
import { open } from "../../../lib/spa/open.ts";
import type { GpgPolicy } from "../../../daemon/gpg/policy.ts";
import { createGpgOpener, GPG_LIMITS, type GpgLimits } from "../../../daemon/gpg/opener.ts";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { ip, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";

const OUR_KEY = "1122334455667788", OTHER_KEY = "AABBCCDDEEFF0011", HIDDEN = "0000000000000000";
const ALICE = "A".repeat(40);
const POLICY: GpgPolicy = {
  engine: { kind: "keyring", exe: "/gpg", home: "/home", decryptId: "server" },
  recipients: [OUR_KEY],
  passphrase: null,
  signers: { fingerprints: [ALICE], ids: null, ignoreErrors: false },
};

let made = 0;
/** Protected data, other than any before. */
const data = () => concat(Uint8Array.of(0xd2, 100, 1, made++), new Uint8Array(98));
const header = (tag: number, length: number) => Uint8Array.of(0x80 | tag << 2 | 1, length >> 8, length & 0xff);
const sessionKey = (id: string) =>
  concat(header(1, 268), Uint8Array.of(3), Uint8Array.fromHex(id), Uint8Array.of(1), new Uint8Array(258));
const DATA = concat(Uint8Array.of(0xd2, 100, 1), new Uint8Array(99));

/** A packet of these parts, as it comes: without its first two characters. */
function body(...parts: readonly Uint8Array[]): string {
  return encodeBase64(concat(...parts)).slice(2);
}

const MESSAGE = await messageOf(await knock());

async function messageOf(wire: string) {
  const read = await open(nobleEngine, wire, KEYS);
  assert.ok(read.ok);
  return read.value;
}

function opened(changes: Partial<Decrypted> = {}): Decrypted {
  const { digest, encoded } = MESSAGE;
  return {
    plaintext: textBytes(`${encoded}:${digest}`),
    signatures: [{ fingerprint: ALICE, primary: ALICE, good: true, right: true, trusted: true }],
    literals: [{ format: "b", name: "" }],
    encryptions: 1,
    ...changes,
  };
}

/** An opener whose messages are opened by `open`, and what was given to that. */
function make(open: PgpOpen, limits: Partial<GpgLimits> = {}) {
  const messages: Uint8Array[] = [];
  let now = 0;
  const opener = createGpgOpener({
    crypto: nobleEngine,
    engines: () => (bytes) => (messages.push(bytes), open(bytes)),
    steady: () => now,
    limits: { ...GPG_LIMITS, ...limits },
  });
  const tryBody = async (text: string, gpg: GpgPolicy | null = POLICY, hmac = KEYS.hmac) => {
    const secrets = [{ cipher: { kind: "gpg" }, hmac } as const];
    const match = { stanza: stanza({ gpg, secrets }), source: ip("192.0.2.1"), destination: ip("192.0.2.9"), now: NOW };
    const result = await opener(text, match);
    return result.ok ? result.value : result.fault.map(textOf).join("\n");
  };
  return { messages, tryBody, pass: (ms: number) => now += ms };
}

Deno.test("an opener gives what a message says, who signed it, and the lines of the dump", async () => {
  const { messages, tryBody } = make(() => Promise.resolve(ok(opened())));
  const got = await tryBody(body(sessionKey(OUR_KEY), DATA));
  assert.ok(typeof got !== "string", String(got));
  assert.deepEqual(got.message, MESSAGE);
  assert.equal(got.gpg?.signer, ALICE);
  assert.equal(got.gpg.lines.home, "/home");
  assert.deepEqual(messages, [concat(sessionKey(OUR_KEY), DATA)]);
});

Deno.test("an opener asks nobody about what is no message, or not for us, and says so", async () => {
  const { messages, tryBody } = make(() => Promise.resolve(ok(opened())));
  const passwordKey = concat(header(3, 13), new Uint8Array(13));
  const rows: readonly (readonly [why: string, text: string, says: RegExp])[] = [
    ["junk", "A".repeat(500), /no message that is encrypted to a key/],
    ["no base64", "A".repeat(501), /no message/],
    ["for another", body(sessionKey(OTHER_KEY), DATA), new RegExp(`it is for the key ${OTHER_KEY}`)],
    ["a password", body(passwordKey, DATA), /no message/],
    ["a password beside our key", body(sessionKey(OUR_KEY), passwordKey, DATA), /no message/],
    ["nothing behind the key", body(sessionKey(OUR_KEY)), /no message/],
    ["data that nothing protects", body(sessionKey(OUR_KEY), header(9, 9), new Uint8Array(9)), /no message/],
    ["something behind", body(sessionKey(OUR_KEY), DATA, DATA), /no message/],
  ];
  for (const [why, text, says] of rows) assert.match(String(await tryBody(text)), says, why);
  assert.deepEqual(messages, []);
  for (const ids of [[HIDDEN], [OTHER_KEY, OUR_KEY]]) {
    assert.notEqual(typeof await tryBody(body(...ids.map(sessionKey), DATA)), "string");
  }
  assert.notEqual(typeof await tryBody(body(sessionKey(OTHER_KEY), DATA), { ...POLICY, recipients: null }), "string");
  assert.match(String(await tryBody(body(sessionKey(OUR_KEY), DATA), null)), /context/);
});

Deno.test("an opener says why a message does not open, and whose signature is not in the list, in the words of C", async () => {
  const text = body(sessionKey(OUR_KEY), DATA);
  const absent = make(() => Promise.resolve(gpgFail("gpg-executable", "/gpg: gone", "")));
  assert.match(String(await absent.tryBody(text)), /Error creating fko context \(before decryption\): .*\/gpg: gone/);
  const failing = make(() => Promise.resolve(gpgFail("gpg-decrypt", "gpg says: no", "")));
  assert.match(String(await failing.tryBody(text)), /Error creating fko context: .* - GPG ERROR: gpg says: no/);
  const mallory = "C".repeat(40);
  const signatures = [{ fingerprint: mallory, primary: mallory, good: true, right: true, trusted: true }];
  const { tryBody } = make(() => Promise.resolve(ok(opened({ signatures }))));
  assert.match(
    String(await tryBody(text)),
    /signed by 'CCCCCCCC' \(fingerprint 'C{40}'\)\.\n.*but that fingerprint is not in the GPG_FINGERPRINT_ID list/,
  );
  const byId = { ...POLICY, signers: { fingerprints: null, ids: [ALICE], ignoreErrors: false } };
  assert.match(String(await tryBody(text, byId)), /ID: CCCCCCCC, but that ID is not in the GPG_REMOTE_ID list/);
  const strange = make(() => Promise.resolve(ok(opened({ plaintext: textBytes("x".repeat(200)) }))));
  assert.match(String(await strange.tryBody(text)), /Error creating fko context/);
});

Deno.test("an opener starts nothing for strangers faster than it may, and for those with an HMAC all the same", async () => {
  const { messages, tryBody, pass } = make(() => Promise.resolve(ok(opened())), {
    strangers: { burst: 2, perSecond: 1 },
  });
  const text = () => body(sessionKey(OUR_KEY), data());
  for (let i = 0; i < 5; i++) await tryBody(text(), POLICY, null);
  assert.equal(messages.length, 2);
  assert.match(String(await tryBody(text(), POLICY, null)), /Too many packets for GnuPG.*come too often/);
  await tryBody(text());
  assert.equal(messages.length, 3);
  pass(1000);
  await tryBody(text(), POLICY, null);
  assert.equal(messages.length, 4);
});

Deno.test("an opener opens a packet once for all stanzas of a home, and judges for each who may have signed", async () => {
  const { messages, tryBody } = make(() => Promise.resolve(ok(opened())), { strangers: { burst: 1, perSecond: 1 } });
  const text = body(sessionKey(OUR_KEY), data());
  const others = { ...POLICY, signers: { fingerprints: ["C".repeat(40)], ids: null, ignoreErrors: false } };
  for (let i = 0; i < 5; i++) assert.match(String(await tryBody(text, others, null)), /GPG_FINGERPRINT_ID/);
  assert.notEqual(typeof await tryBody(text, POLICY, null), "string");
  assert.equal(messages.length, 1);
  for (const changes of [{ passphrase: textBytes("x") }, { engine: { ...POLICY.engine, home: "/elsewhere" } }]) {
    assert.match(String(await tryBody(text, { ...POLICY, ...changes } as GpgPolicy, null)), /come too often/);
  }
});

Deno.test("an opener does so many at once, lets so many wait, and refuses the rest", async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const { messages, tryBody } = make(async () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return ok(opened());
  }, { atOnce: 1, waiting: 1 });
  const text = () => body(sessionKey(OUR_KEY), data());
  const both = [tryBody(text()), tryBody(text())];
  assert.match(String(await tryBody(text())), /others wait already/);
  assert.equal(messages.length, 1);
  gates[0]!.resolve();
  await both[0];
  await new Promise((done) => setTimeout(done));
  gates[1]!.resolve();
  assert.notEqual(typeof await both[1], "string");
});
