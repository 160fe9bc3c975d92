import assert from "node:assert/strict";
import { CLIENT_SETTINGS, type ClientKey, KEY_OF_DIRECTIVE, settingOf } from "../../../cli/options/table.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";

/** Long options of the C client 2.6.11 with their letters (facts/client 2); null: none. `=`: takes a value. */
const C_OPTIONS: Readonly<Record<string, string>> = {
  "access": "A=",
  "allow-ip": "a=",
  "source-ip": "s",
  "resolve-ip-https": "R",
  "resolve-ip-http": "R",
  "resolve-http-only": "",
  "resolve-url": "=",
  "wget-cmd": "w=",
  "user-agent": "u=",
  "use-wget-user-agent": "",
  "destination": "D=",
  "server-port": "p=",
  "server-proto": "P=",
  "source-port": "S=",
  "spoof-source": "Q=",
  "spoof-src": "Q=",
  "rand-port": "r",
  "http-proxy": "H=",
  "icmp-type": "=",
  "icmp-code": "=",
  "server-resolve-ipv4": "",
  "server-cmd": "C=",
  "nat-access": "N=",
  "nat-local": "",
  "nat-port": "=",
  "nat-rand-port": "",
  "fw-timeout": "f=",
  "digest-type": "m=",
  "encryption-mode": "M=",
  "time-offset-plus": "=",
  "time-offset-minus": "=",
  "spoof-user": "U=",
  "get-key": "G=",
  "get-hmac-key": "=",
  "stdin": "",
  "fd": "=",
  "key-rijndael": "=",
  "key-base64-rijndael": "=",
  "key-hmac": "=",
  "key-base64-hmac": "=",
  "use-hmac": "",
  "hmac-digest-type": "=",
  "key-len": "=",
  "hmac-key-len": "=",
  "key-gen": "k",
  "key-gen-file": "K=",
  "gpg-encryption": "g",
  "gpg-recipient-key": "=",
  "gpg-signer-key": "=",
  "gpg-home-dir": "=",
  "gpg-exe": "=",
  "gpg-agent": "",
  "gpg-no-signing-pw": "",
  "named-config": "n=",
  "rc-file": "=",
  "no-rc-file": "",
  "no-home-dir": "",
  "save-rc-stanza": "",
  "force-stanza": "",
  "stanza-list": "",
  "no-save-args": "",
  "save-args-file": "E=",
  "last-cmd": "l",
  "show-last": "",
  "save-packet": "B=",
  "save-packet-append": "b",
  "test": "T",
  "verbose": "v",
  "version": "V",
  "help": "h",
  "fault-injection-tag": "=",
};

/** Directives of facts/client 3. */
const C_DIRECTIVES =
  "DIGEST_TYPE SPA_SERVER_PROTO SPA_SERVER_PORT SPA_SOURCE_PORT FW_TIMEOUT ALLOW_IP TIME_OFFSET ENCRYPTION_MODE USE_GPG USE_GPG_AGENT GPG_RECIPIENT GPG_SIGNER GPG_HOMEDIR GPG_EXE GPG_SIGNING_PW GPG_SIGNING_PW_BASE64 GPG_NO_SIGNING_PW SPOOF_USER SPOOF_SOURCE_IP ACCESS SPA_SERVER RAND_PORT KEY KEY_BASE64 HMAC_DIGEST_TYPE HMAC_KEY_BASE64 HMAC_KEY USE_HMAC USE_WGET_USER_AGENT KEY_FILE HMAC_KEY_FILE NAT_ACCESS HTTP_USER_AGENT RESOLVE_URL SERVER_RESOLVE_IPV4 NAT_LOCAL NAT_RAND_PORT NAT_PORT VERBOSE RESOLVE_IP_HTTP RESOLVE_IP_HTTPS RESOLVE_HTTP_ONLY WGET_CMD NO_SAVE_ARGS"
    .split(" ");

const KEYS = Object.keys(CLIENT_SETTINGS) as ClientKey[];

/** Row of a long C option, found without the parser. */
function keyOfLong(name: string): ClientKey | undefined {
  return KEYS.find((key) => settingOf(key).option?.long?.includes(name));
}

Deno.test("the table has every option of the C client with its letter and its argument", () => {
  for (const [name, letters] of Object.entries(C_OPTIONS)) {
    const key = keyOfLong(name);
    assert.ok(key !== undefined, name);
    const option = settingOf(key).option;
    const short = letters.replace("=", "");
    assert.equal(option?.short ?? "", short, name);
    // Help takes a topic here; without one it is the switch that it is in C.
    const argument = letters.endsWith("=") ? "required" : name === "help" ? "optional" : "none";
    assert.equal(option?.argument, argument, name);
  }
  const long = KEYS.flatMap((key) => settingOf(key).option?.long ?? []);
  assert.deepEqual(long.toSorted(), Object.keys(C_OPTIONS).toSorted(), "a name that C has not belongs in `exact`");
});

Deno.test("the table has every directive of the C client", () => {
  for (const name of C_DIRECTIVES) assert.ok(KEY_OF_DIRECTIVE.has(name), name);
  assert.equal(C_DIRECTIVES.length, 44);
});

Deno.test("rows of the table are complete and never share a name", () => {
  const seen = new Set<string>();
  for (const key of KEYS) {
    const row = settingOf(key);
    assert.ok(row.doc.length > 0 && !row.doc.endsWith("."), key);
    assert.ok(row.group.length > 0, key);
    const { short, long = [], exact = [] } = row.option ?? {};
    const names = [...long, ...exact].map((name) => `--${name}`);
    for (const name of [...names, ...row.directive ?? [], ...(short === undefined ? [] : [`-${short}`])]) {
      assert.ok(!seen.has(name), name);
      seen.add(name);
    }
    assert.ok(seen.size > 0 && (row.option !== undefined || row.directive !== undefined), key);
    if (row.fallback !== undefined && row.option?.argument === "required") {
      const again = row.kind.parse(row.kind.format(row.fallback));
      assert.ok(again.ok, key);
      assert.deepEqual(again.value, row.fallback, key);
    }
  }
});

Deno.test("rows that hold keys are secret", () => {
  const secret = KEYS.filter((key) => settingOf(key).secret === true);
  assert.deepEqual(secret, ["key", "keyBase64", "hmacKey", "hmacKeyBase64", "import"]);
});

/** What getopt_long makes of a name: written by hand, as a twin of the parser. tests/interop asks the C client. */
function getoptMeaning(typed: string): string {
  if (typed in C_OPTIONS) return keyOfLong(typed) ?? "?";
  const matches = Object.keys(C_OPTIONS).filter((name) => name.startsWith(typed));
  const keys = new Set(matches.map(keyOfLong));
  const [only] = keys;
  return keys.size === 1 && only !== undefined ? only : keys.size === 0 ? "unknown" : "ambiguous";
}

Deno.test("K11: every abbreviation of every C option means what it means in C", () => {
  let count = 0;
  for (const name of Object.keys(C_OPTIONS)) {
    for (let length = 1; length <= name.length; length++) {
      const typed = name.slice(0, length);
      const parsed = parseArguments(CLIENT_SETTINGS, [`--${typed}`, "value"], { ignoreCase: true });
      const meaning = parsed.given[0]?.key ??
        (parsed.problems[0]?.message.includes("ambiguous") === true ? "ambiguous" : "unknown");
      assert.equal(meaning, getoptMeaning(typed), typed);
      count++;
    }
  }
  assert.ok(count > 700);
});

for (
  const [typed, key] of [
    ["--spoof-src=1.2.3.4", "spoofSource"],
    ["--Spoof-src=1.2.3.4", "spoofSource"],
    ["--resolve-ip-http", "resolveIp"],
    ["--Version", "version"],
    ["--gpg-recipient=X", "gpgRecipient"],
    ["--gpg--recipient=X", "gpgRecipient"],
    ["--gpg-sign=X", "gpgSigner"],
    ["--NAT-access=10.0.0.1", "natAccess"],
    ["--dest=host", "server"],
    ["--key-r=x", "key"],
    ["-4", "ipv4"],
    ["-6", "ipv6"],
  ] as const
) {
  Deno.test(`older or other spelling ${typed} is ${key}`, () => {
    const parsed = parseArguments(CLIENT_SETTINGS, [typed], { ignoreCase: true });
    assert.deepEqual(parsed.problems, []);
    assert.equal(parsed.given[0]?.key, key);
  });
}
