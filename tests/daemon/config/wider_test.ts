/** Each row of the table applies where it should and nowhere else. */
import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { widenings } from "../../../daemon/config/wider.ts";
import { good } from "./in_memory.ts";

/** Nothing about it is wide. */
const NARROW =
  "SOURCE ANY\nOPEN_PORTS tcp/22\nREQUIRE_SOURCE_ADDRESS Y\nKEY 0123456789abcdef\nHMAC_KEY fedcba9876543210\n";
const OTHER = NARROW.replace("0123", "4567").replace("fedc", "ba98");

/** What is said of the last stanza, without its remedy. */
function wide(
  access: string,
  change: (stanza: Stanza) => Stanza = (stanza) => stanza,
  server = "",
): readonly string[] {
  const { stanzas, config } = good(server, access);
  const changed = stanzas.map(change);
  return widenings(changed.at(-1)!, { stanzas: changed, config }).map((line) => line.replace(/ \([^()]*\)$/, ""));
}

Deno.test("widenings() has nothing to say of a stanza that names everything", () => {
  assert.deepEqual(wide(NARROW), []);
  assert.deepEqual(wide(NARROW + OTHER), []);
  assert.deepEqual(wide(NARROW.replace("ANY", "192.0.2.1").replace("ADDRESS Y", "ADDRESS N")), []);
});

Deno.test("widenings() says each thing that is wider than it may look", () => {
  const line = (pattern: RegExp) => NARROW.replace(pattern, "");
  assert.deepEqual(wide(line(/HMAC_KEY.*\n/)), [
    "there is no HMAC key, so packets are encrypted and not authenticated",
  ]);
  assert.match(wide(line(/REQUIRE.*\n/)).join("|"), /^SOURCE is ANY and the packet need not name an address: [^|]*$/);
  assert.deepEqual(wide(line(/OPEN_PORTS.*\n/)), ["OPEN_PORTS is absent, so every port may be asked for"]);
  assert.deepEqual(wide(NARROW.replace("abcdef", "abcde")), [
    "the encryption key has 15 bytes, fewer than 16, and may be guessed",
  ]);
  assert.deepEqual(wide(NARROW.replace("fedcba9876543210", "x")), [
    "the HMAC key has 1 byte, fewer than 16, and may be guessed",
  ]);
});

Deno.test("widenings() tells keys that stand in several stanzas, with which of them", () => {
  const [same = ""] = wide(OTHER + NARROW + NARROW.replace("tcp/22", "tcp/23"));
  assert.match(same, /^the keys are also in stanza #2: the first that takes the packet counts, and what one refuses/);
  const [encryption = ""] = wide(NARROW + NARROW.replace("fedc", "ba98"));
  assert.match(encryption, /^the encryption key is also in stanza #1: /);
  const [, third = ""] = wide(NARROW + NARROW + NARROW.replace(/HMAC.*\n/, ""));
  assert.match(third, /^the encryption key is also in stanza #1 and #2: /);
});

Deno.test("widenings() tells commands that nobody says the user of, or that run as root", () => {
  const as = (uid: number | null) =>
    wide(NARROW, (stanza) => ({
      ...stanza,
      commands: { runAs: uid === null ? null : { user: "u", group: "u", uid, gid: uid, groups: [] }, prefix: [] },
    }));
  assert.match(as(null).join(), /^packets may carry commands, which run as the user of the daemon, who may be root/);
  assert.match(as(0).join(), /^packets may carry commands, which run as u/);
  assert.deepEqual(as(1000), []);
});

Deno.test("widenings() tells NAT that leads anywhere, unless NAT_ALLOW or FORCE_NAT say where", () => {
  const nat = (line: string, server = "ENABLE_IPT_FORWARDING Y") => wide(NARROW + line, undefined, server);
  assert.deepEqual(nat(""), ["ENABLE_IPT_FORWARDING lets a NAT request lead to every host that this one reaches"]);
  assert.deepEqual(nat("", ""), []);
  for (const line of ["NAT_ALLOW 10.0.0.0/24\n", "FORCE_NAT 10.0.0.5 22\n"]) assert.deepEqual(nat(line), [], line);
});

Deno.test("widenings() tells packets for GnuPG that need no signature, or one that need not be good", () => {
  const gpg = (...lines: readonly string[]) =>
    wide(NARROW + ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${"1".repeat(40)}`, ...lines, ""].join("\n"));
  assert.deepEqual(gpg(), []);
  assert.match(
    gpg("GPG_DISABLE_SIG Y").join("|"),
    /^packets for GnuPG need no signature: whoever has the public key[^|]*$/,
  );
  assert.match(gpg("GPG_IGNORE_SIG_VERIFY_ERROR Y").join("|"), /^a signature counts by a key that has expired[^|]*$/);
});
