/** Both engines answer alike: what one of them takes, and as whose, the other takes too, and nothing else. */
import assert from "node:assert/strict";
import type { GpgEngine } from "../../../daemon/gpg/policy.ts";
import { judge } from "../../../daemon/gpg/signer.ts";
import { keysIn } from "../../../lib/openpgp/file_keys.ts";
import { HIDDEN_RECIPIENT, recipientsOf } from "../../../lib/openpgp/framing.ts";
import { keyFileOpener } from "../../../lib/openpgp/key_file_opener.ts";
import { keyringOpener } from "../../../lib/openpgp/keyring.ts";
import type { PgpOpen } from "../../../lib/openpgp/openpgp.ts";
import { GNUPG, type GpgHome, gpgHome } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { corpus } from "./corpus.ts";
import { fileOf, now, runOn, TEXT } from "./engines.ts";

/** Keys that may sign. */
const LISTED = ["rsa2048", "subkeys", "nist", "locked", "expired", "revoked"] as const;
const KEYS = ["curve", ...LISTED, "signOnly"] as const;

/** Whose message it is, and what it says; null where it is not taken. */
type Verdict = readonly [signer: string, text: string] | null;

type Opened = Awaited<ReturnType<PgpOpen>>;

async function engines(home: GpgHome): Promise<readonly [program: PgpOpen, library: PgpOpen]> {
  const remote = await Promise.all(LISTED.map((name) => fileOf(home, name, false)));
  const library = keyFileOpener({ decrypt: await fileOf(home, "curve", true), remote, passphrase: null, now });
  return [keyringOpener(runOn(home), null), library];
}

/** What the library alone refuses: a packet that must be known, compression twice, and more behind what is compressed. */
const STRICTER = ["arranged: a packet of tag 30", "arranged: compressed twice", "arranged: compressed, more behind"];

/** What must be taken, so that the rest is not refused for another reason. */
const TAKEN = [
  "as it is",
  "by gpg",
  "to a hidden key",
  "zip",
  "arranged: signature first",
  "signed: subkeys",
  "by hand: as usual",
];

testWith(
  GNUPG,
  "of more than 500 messages that no client makes both engines take the same, from the same",
  async () => {
    await using home = await gpgHome(...KEYS);
    const [program, library] = await engines(home);
    const fingerprints = LISTED.map((name) => home.fingerprint(name));
    const [key] = await keysIn({ path: "", bytes: await home.gpg(["--export", home.fingerprint("curve")]) });
    const ids = key!.getKeys().map((each) => each.getKeyID().toHex().toUpperCase());
    const verdict = (opened: Opened, kind: "keyring" | "files", ignoreErrors: boolean): Verdict => {
      if (!opened.ok) return null;
      const signers = { fingerprints, ids: null, ignoreErrors };
      const judged = judge(opened.value, { engine: { kind } as GpgEngine, signers });
      return judged.ok ? [judged.value!.primary, new TextDecoder().decode(opened.value.plaintext)] : null;
    };
    const names = new Set<string>();
    const taken = new Map<string, Verdict>();
    for await (const { name, message } of corpus({ home, key: key!, text: TEXT })) {
      names.add(name);
      // As the daemon does before anything is decrypted.
      const isOurs = recipientsOf(message)?.some((id) => id === HIDDEN_RECIPIENT || ids.includes(id)) ?? false;
      if (!isOurs) continue;
      const [one, other] = await Promise.all([program(message), library(message)]);
      for (const ignoreErrors of [true, false]) {
        const byProgram = verdict(one, "keyring", ignoreErrors);
        const expected = STRICTER.includes(name) ? null : byProgram;
        assert.deepEqual(verdict(other, "files", ignoreErrors), expected, `${name}, ${ignoreErrors}`);
        if (byProgram !== null && !ignoreErrors) taken.set(name, byProgram);
      }
    }
    assert.ok(names.size > 500, String(names.size));
    for (const name of TAKEN) assert.ok(taken.has(name), name);
    for (const [name, verdict] of taken) {
      assert.equal(verdict![1], new TextDecoder().decode(TEXT), name);
      assert.doesNotMatch(name, /^(?:outside|whole) |stranger|revoked|expired|older|critical subpacket|MD5|: two/);
    }
  },
);
