/** What the stanzas mean, in plain words, and no key among them. */
import assert from "node:assert/strict";
import { policyLines } from "../../../daemon/config/policy.ts";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import { parseIp } from "../../../lib/net/address.ts";
import { good, load, STANZA } from "./in_memory.ts";

const KEYS = "KEY 0123456789abcdef\nHMAC_KEY fedcba9876543210\n";

/** The line of the only stanza, without its name. */
function policy(access: string, server = "", change: (stanza: Stanza) => Stanza = (stanza) => stanza): string {
  const { stanzas, config } = good(server, access);
  const [line = ""] = policyLines(stanzas.map(change), config);
  return line.replace(/^.*?\/a:1\)?: /, "");
}

function ip(text: string) {
  const read = parseIp(text);
  assert.ok(read.ok);
  return read.value;
}

Deno.test("policyLines() says who may open what, for how long, and what else", () => {
  const end = "; commands no; NAT no; key of 16 bytes, cbc, HMAC sha256";
  const table: [string, string][] = [
    ["SOURCE ANY\n", "from anywhere, every port for 30 s, at most 300 s"],
    ["SOURCE ANY\nRESTRICT_PORTS tcp/23\n", "from anywhere, every port but tcp/23 for 30 s, at most 300 s"],
    [
      "SOURCE 192.0.2.0/24, 2001:db8::1\nDESTINATION 192.0.2.9\nOPEN_PORTS tcp/22, udp/53, tcp/80\nRESTRICT_PORTS tcp/80\n",
      "from 192.0.2.0/24, 2001:db8::1 to 192.0.2.9, tcp/22, udp/53 for 30 s, at most 300 s",
    ],
    ["SOURCE ANY\nFW_ACCESS_TIMEOUT 60\nMAX_FW_TIMEOUT 90\n", "from anywhere, every port for 60 s, at most 90 s"],
  ];
  for (const [access, expected] of table) assert.equal(policy(access + KEYS), expected + end);
  assert.match(policy(`SOURCE ANY\n${KEYS}ACCESS_EXPIRE_EPOCH 2000000000\n`), /; ends at 2033-05-18T03:33:20 UTC$/);
  assert.match(policy("SOURCE ANY\nKEY abc\nENCRYPTION_MODE legacy\n"), /; key of 3 bytes, legacy, no HMAC$/);
});

Deno.test("policyLines() says where doors to what others publish are", () => {
  const of = (guard: string) => policy(`SOURCE ANY\nOPEN_PORTS tcp/8080\nGUARD ${guard}\n${KEYS}`);
  assert.match(of("forward"), /tcp\/8080 as published by others \(GUARD forward\) for 30 s/);
  assert.match(of("both"), /tcp\/8080 of this host or published by others for 30 s/);
  assert.match(of("input"), /tcp\/8080 for 30 s/);
});

Deno.test("policyLines() names a stanza by its user, its number and its place", () => {
  const { stanzas, config } = good("", `${STANZA}REQUIRE_USERNAME alice\n${STANZA}`);
  const names = policyLines(stanzas, config).filter((line) => !line.startsWith(" ")).map((line) => line.split(": ")[0]);
  assert.deepEqual(names, ["alice (stanza #1, /a:1)", "stanza #2, /a:6"]);
});

Deno.test("policyLines() says which system is asked for, and that it is a hint", () => {
  const asking = { requireSystem: /linux/i };
  const line = policy(`SOURCE ANY\n${KEYS}`, "", (stanza) => ({ ...stanza, ...asking }));
  assert.match(line, /; only where a TCP SYN looks like \/linux\/i \(a hint, no proof\)$/);
});

Deno.test("policyLines() says where NAT leads and what commands run", () => {
  const access = `SOURCE ANY\nOPEN_PORTS tcp/22\n${KEYS}`;
  const changed = (more: Partial<Stanza>) => policy(access, "", (stanza) => ({ ...stanza, ...more }));
  const inside = { to: ip("10.0.0.5"), port: 22 };
  assert.match(changed({ nat: { ...NO_NAT_POLICY, forceNat: inside } }), /; NAT to 10\.0\.0\.5:22;/);
  assert.match(
    changed({ nat: { ...NO_NAT_POLICY, forceNat: { ...inside, to: ip("2001:db8::5") }, forceMasquerade: true } }),
    /; NAT to \[2001:db8::5\]:22, its source becomes this host's;/,
  );
  const all = { ...NO_NAT_POLICY, forceNat: inside, forceSnat: ip("10.0.0.1"), forwardAll: true, disableDnat: true };
  assert.match(
    changed({ nat: all }),
    /; NAT to 10\.0\.0\.5:22, every port, by routing only, its source becomes 10\.0\.0\.1;/,
  );
  const runAs = { user: "bob", group: "bob", uid: 1000, gid: 1000, groups: [] };
  assert.match(changed({ commands: { runAs, prefix: [] } }), /; commands yes, as bob;/);
  assert.match(
    changed({ commands: { runAs: null, prefix: ["/usr/bin/sudo", "-u", "bob"] } }),
    /; commands yes, as the user of the daemon, by \/usr\/bin\/sudo -u bob;/,
  );
  assert.match(
    changed({ cycle: { open: "/bin/on $SRC", close: "/bin/off", timer: 5 } }),
    /tcp\/22: instead of opening a door runs "\/bin\/on \$SRC" and "\/bin\/off" after 5 s, at most 300 s;/,
  );
  assert.match(changed({ cycle: { open: "/bin/on", close: null, timer: null } }), /and nothing when the time is over;/);
});

Deno.test("policyLines() shows no key, and a line for what is wide below its stanza", () => {
  const loaded = load("", "SOURCE ANY\nKEY s3cr3tw0rd\nHMAC_KEY t0ps3cr3t\n");
  assert.ok(loaded.ok);
  const lines = policyLines(loaded.stanzas, loaded.config);
  assert.doesNotMatch(lines.join("\n"), /s3cr3t/);
  assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.startsWith("  wider than it may look: ")));
});

Deno.test("policyLines() says which key decrypts packets for GnuPG, what does it, and who may sign", () => {
  const [one, two] = ["1".repeat(40), "2".repeat(40)];
  const gpg = (...lines: readonly string[]) =>
    policy(["SOURCE ANY", "HMAC_KEY fedcba9876543210", ...lines, ""].join("\n"));
  assert.match(
    gpg(
      "KEY 0123456789abcdef",
      "GPG_DECRYPT_PW p",
      "GPG_DECRYPT_ID gw",
      `GPG_FINGERPRINT_ID ${one},${two}`,
      `GPG_REMOTE_ID ${two}`,
    ),
    /; key of 16 bytes, cbc, or GnuPG by \/usr\/bin\/gpg with gw of \/root\/.gnupg, signed by 1{40} or 2{40}, which is also one of 2{40}, HMAC sha256$/,
  );
  assert.match(
    gpg("GPG_ALLOW_NO_PW Y", "GPG_DISABLE_SIG Y"),
    /; GnuPG by \/usr\/bin\/gpg with any secret key of \/root\/.gnupg, signed by anybody or nobody, HMAC sha256$/,
  );
});
