/** Both engines answer alike: what one of them opens the other opens to the same, and neither opens what was changed. */
import assert from "node:assert/strict";
import { textBytes } from "../../../lib/bytes.ts";
import { openKeyFiles } from "../../../lib/openpgp/key_files.ts";
import { openKeyring } from "../../../lib/openpgp/keyring.ts";
import type { OpenPgp } from "../../../lib/openpgp/openpgp.ts";
import { GNUPG, gpgHome } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { good, runOn, TEXT } from "./engines.ts";

/** What a message holds, as both engines say it; null where it does not open. */
async function said(pgp: OpenPgp, message: Uint8Array): Promise<unknown> {
  const opened = await pgp.decrypt(message);
  if (!opened.ok) return null;
  const { plaintext, signatures } = opened.value;
  return { text: new TextDecoder().decode(plaintext), good: signatures.map((each) => each.good) };
}

/** The message with one thing changed: a bit, the end, a byte more or less. By its number, so that a run can be repeated. */
function changed(message: Uint8Array, number: number): Uint8Array {
  const at = number * 7919 % message.length;
  if (number % 5 === 0) return message.slice(0, at);
  if (number % 5 === 1) return Uint8Array.from([...message.subarray(0, at), ...message.subarray(at + 1)]);
  if (number % 5 === 2) return Uint8Array.from([...message.subarray(0, at), number & 0xff, ...message.subarray(at)]);
  const flipped = message.slice();
  flipped[at]! ^= 1 << number % 8;
  return flipped;
}

testWith(GNUPG, "500 messages that were changed open in neither engine, and those that were not in both", async () => {
  await using home = await gpgHome("curve");
  const bytes = Deno.readFileSync(await home.keyFile("curve", { secret: true }));
  const file = { path: "curve.asc", bytes };
  const library = good(await openKeyFiles({ recipient: file, signer: file, now: () => Math.floor(Date.now() / 1000) }));
  const program = good(await openKeyring(runOn(home), { recipient: "curve", signer: "curve" }));
  const messages = [
    good(await good(await library.unlock(null))(TEXT)),
    good(await good(await program.unlock(textBytes("")))(TEXT)),
  ];
  for (const message of messages) {
    assert.deepEqual(await said(library, message), { text: new TextDecoder().decode(TEXT), good: [true] });
    assert.deepEqual(await said(program, message), await said(library, message));
  }
  for (let number = 0; number < 500; number++) {
    const message = changed(messages[number % 2]!, number);
    const [one, other] = await Promise.all([said(library, message), said(program, message)]);
    assert.deepEqual([one, other], [null, null], `change ${number}`);
  }
});
