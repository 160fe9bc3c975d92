import assert from "node:assert/strict";
import { textOf } from "../../../daemon/report/log_lines.ts";
import { refusal, type RefusalCode, REFUSALS, serverErrorLines, stanzaTag } from "../../../daemon/verify/refusals.ts";
import { ip } from "../../fakes/knock.ts";

const source = ip("198.51.100.7");
const at = { source, stanza: 2 };
const known = {
  protocol: 17,
  source: "203.0.113.9",
  sourcePort: 1,
  destination: "203.0.113.1",
  destinationPort: 62201,
  seenAt: new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000,
};
const first = { seenAt: known.seenAt, capturedAt: null, facts: () => known };
const REPLAY = "Replay detected from source IP: 198.51.100.7, Destination proto/port: 6/80, " +
  "Original source IP: 203.0.113.9, Original dst proto/port: 17/62201, Entry created: 01/02/26 03:04:05";
const PRINT = "C1900061D851B4B032C609C31E0A7A79A5F93B4D";
const TAG = "[198.51.100.7] (stanza #2)";

/** Each code with all that its sentence needs, who can have sent such a packet, and the line. */
const LINES = {
  "not-a-message": [
    "stranger",
    refusal("not-a-message", { source }),
    "debug: [198.51.100.7] preprocess_spa_data() returned error 4096: 'Data is not a valid SPA message format' for incoming packet.",
  ],
  "not-spa-data": [
    "stranger",
    refusal("not-spa-data", { source }),
    "debug: [198.51.100.7] preprocess_spa_data() returned error 4098: 'Data is not an SPA message' for incoming packet.",
  ],
  "proxy-header": [
    "stranger",
    refusal("proxy-header", { source, reason: "Error parsing it" }),
    "warning: Error parsing it: refused a packet from 198.51.100.7",
  ],
  "unknown-source": [
    "stranger",
    refusal("unknown-source", { source }),
    "warning: No access data found for source IP: 198.51.100.7",
  ],
  "captured-twice": [
    "stranger",
    refusal("captured-twice", { source, protocol: 6, destinationPort: 80, first }),
    `debug: ${REPLAY} (one packet, captured twice)`,
  ],
  "replay": ["stranger", refusal("replay", { source, protocol: 6, destinationPort: 80, first }), `warning: ${REPLAY}`],
  "replay-elsewhere": [
    "stranger",
    refusal("replay-elsewhere", { source }),
    "warning: Replay detected from source IP: 198.51.100.7, another daemon has admitted the packet",
  ],
  "other-addresses": [
    "stranger",
    refusal("other-addresses", { ...at, destination: null }),
    "debug: (stanza #2) SPA packet (198.51.100.7 -> ?) filtered by SOURCE and/or DESTINATION criteria",
  ],
  "stanza-expired": ["stranger", refusal("stanza-expired", at), `info: ${TAG} Access stanza has expired`],
  "no-such-cipher": [
    "stranger",
    refusal("no-such-cipher", { ...at, encryption: 2 }),
    `error: ${TAG} No stanza encryption mode match for encryption type: 2.`,
  ],
  "not-named": [
    "stranger",
    refusal("not-named", at),
    `info: ${TAG} The salt of the packet does not name this stanza, which has REQUIRE_KEY_HINT`,
  ],
  "hmac-mismatch": ["stranger", refusal("hmac-mismatch", at), `info: ${TAG} Non-corresponding HMAC for this stanza`],
  "not-opened": [
    "stranger",
    refusal("not-opened", { ...at, reason: "why" }),
    `warning: ${TAG} Error creating fko context: why`,
  ],
  "gpg-not-ready": [
    "stranger",
    refusal("gpg-not-ready", { ...at, reason: "why" }),
    `warning: ${TAG} Error creating fko context (before decryption): why`,
  ],
  "gpg-busy": [
    "stranger",
    refusal("gpg-busy", { ...at, reason: "why" }),
    `warning: ${TAG} Too many packets for GnuPG, this one is not opened: why`,
  ],
  "fingerprint-not-listed": [
    "stranger",
    refusal("fingerprint-not-listed", { ...at, fingerprint: PRINT }),
    `warning: ${TAG} Incoming SPA packet signed by: ${PRINT}, but that fingerprint is not in the GPG_FINGERPRINT_ID list.`,
  ],
  "signer-id-not-listed": [
    "stranger",
    refusal("signer-id-not-listed", { ...at, fingerprint: PRINT }),
    `warning: ${TAG} Incoming SPA packet signed by ID: A5F93B4D, but that ID is not in the GPG_REMOTE_ID list.`,
  ],
  "too-many-pending": [
    "stranger",
    refusal("too-many-pending", { source }),
    "warning: Too many packets wait to be opened: refused the oldest, from 198.51.100.7",
  ],
  "not-tried": [
    "stranger",
    refusal("not-tried", { source }),
    "warning: [198.51.100.7] More packets come than the keys can be tried for (MAX_STRANGER_CPU): this one is dropped",
  ],
  "too-old": [
    "stranger",
    refusal("too-old", { ...at, difference: 121 }),
    `warning: ${TAG} SPA data time difference is too great (121 seconds).`,
  ],
  "dated-ahead": [
    "key holder",
    refusal("dated-ahead", { ...at, difference: 121 }),
    `warning: ${TAG} SPA data time difference is too great (121 seconds).`,
  ],
  "may-be-forgotten": [
    "key holder",
    refusal("may-be-forgotten", { ...at, forgottenUntil: 1_795_300_800 }),
    `warning: ${TAG} Replay possible: packets dated up to 2026-11-21T22:40:00.000Z may have been seen before and forgotten.`,
  ],
  "no-source-address": [
    "key holder",
    refusal("no-source-address", at),
    `warning: ${TAG} Got 0.0.0.0 when valid source IP was required.`,
  ],
  "other-user": [
    "key holder",
    refusal("other-user", { ...at, username: "alice", required: "bob" }),
    `warning: ${TAG} Username in SPA data (alice) does not match required username: bob`,
  ],
  "other-system": [
    "key holder",
    refusal("other-system", { ...at, required: /linux/i, seen: [{ name: "Windows 10", syn: "ttl=128", age: 9 }] }),
    `warning: ${TAG} REQUIRE_OS /linux/i: a TCP SYN from its source looks like Windows 10: ttl=128`,
  ],
  "nat-not-enabled": [
    "key holder",
    refusal("nat-not-enabled", at),
    "warning: (stanza #2) SPA packet from 198.51.100.7 requested NAT access, but is not enabled/supported",
  ],
  "nat-name-disabled": [
    "key holder",
    refusal("nat-name-disabled", { ...at, host: "db.example.org" }),
    `warning: ${TAG} Received Hostname in NAT SPA message, but hostname is disabled. (db.example.org)`,
  ],
  "nat-name-unknown": [
    "key holder",
    refusal("nat-name-unknown", { ...at, host: "db.example.org", reason: "why" }),
    `warning: ${TAG} Unable to resolve Hostname in NAT SPA message: db.example.org: why`,
  ],
  "nat-target-denied": [
    "key holder",
    refusal("nat-target-denied", { ...at, to: ip("10.0.0.5"), port: 22 }),
    `warning: ${TAG} NAT_ALLOW does not let a request lead to 10.0.0.5 port 22.`,
  ],
  "command-not-allowed": [
    "key holder",
    refusal("command-not-allowed", at),
    `warning: ${TAG} SPA Command messages are not allowed in the current configuration.`,
  ],
  "cycle-not-built": [
    "key holder",
    refusal("cycle-not-built", { ...at, reason: "Why" }),
    `warning: ${TAG} Could not build CMD_CYCLE_OPEN command. Why.`,
  ],
  "command-not-run": [
    "key holder",
    refusal("command-not-run", { ...at, reason: "why" }),
    `error: ${TAG} No command is run: why`,
  ],
  "service-denied": [
    "key holder",
    refusal("service-denied", at),
    `warning: ${TAG} One or more requested protocol/ports was denied per access.conf.`,
  ],
  "nobody-to-let-in": [
    "key holder",
    refusal("nobody-to-let-in", at),
    `warning: ${TAG} The packet names no address to let in, and came from none`,
  ],
  "test-mode": [
    "key holder",
    refusal("test-mode", at),
    `warning: ${TAG} --test mode enabled, skipping firewall manipulation.`,
  ],
  "test-mode-command": [
    "key holder",
    refusal("test-mode-command", at),
    `warning: ${TAG} --test mode enabled, skipping command execution.`,
  ],
  "not-possible": [
    "key holder",
    refusal("not-possible", { ...at, reason: "why" }),
    `error: ${TAG} Cannot open the requested access: why`,
  ],
  "too-many-grants": [
    "key holder",
    refusal("too-many-grants", { ...at, access: ip("192.0.2.10"), held: 3, allowed: 4 }),
    `warning: ${TAG} Nothing is opened for 192.0.2.10: 3 doors are open for this stanza, and MAX_OPEN_GRANTS allows 4`,
  ],
} as const satisfies { readonly [Code in RefusalCode]: readonly [string, { readonly code: Code }, string] };

for (const [code, [who, made, line]] of Object.entries(LINES)) {
  Deno.test(`REFUSALS: "${code}" is of a ${who}, and has its words`, () => {
    const { authentic, level } = REFUSALS[made.code];
    assert.equal(made.code, code);
    assert.equal(authentic, who === "key holder");
    assert.equal(`${level}: ${textOf(made)}`, line);
  });
}

Deno.test("REFUSALS: every number is one of --dump-serv-err-codes, and only what C has nothing like has none", () => {
  const numbers = serverErrorLines().map((line) => Number(/^err code: (\d+), err string: '[^']+'$/.exec(line)?.[1]));
  assert.equal(numbers.length, 17);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b), "each once, in order");
  const without = Object.entries(REFUSALS).filter(([, { number }]) => number === null || !numbers.includes(number));
  assert.ok(without.every(([, { number }]) => number === null));
  assert.deepEqual(without.map(([code]) => code), ["not-named", "not-tried", "test-mode", "test-mode-command"]);
});

Deno.test("stanzaTag() is what scripts look for", () => {
  assert.equal(stanzaTag({ source: ip("2001:db8::7"), stanza: 3 }), "[2001:db8::7] (stanza #3)");
});

Deno.test("the line of a replay is shorter where it is not known any more how the packet came first", () => {
  const gone = refusal("replay", { source, protocol: 6, destinationPort: 80, first: { ...first, facts: () => null } });
  assert.equal(textOf(gone), REPLAY.replace(/Original.*62201, /, ""));
});
