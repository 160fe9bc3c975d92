import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { formatService } from "../../../lib/net/service.ts";
import { good, wrong } from "./in_memory.ts";
import { hmacOf, rijndaelOf, type Stanza } from "../../../daemon/config/stanza.ts";

const keyLength = (stanza: Stanza | undefined) => stanza && rijndaelOf(stanza)?.key.length;

/** A stanza whose keys are right, with further lines. */
function stanza(...lines: string[]): string {
  return ["SOURCE ANY", "KEY enckey", "HMAC_KEY hmackey", "REQUIRE_SOURCE_ADDRESS Y", ...lines].join("\n");
}

const KEY_BASE64 = Buffer.from(Uint8Array.from({ length: 32 }, (_, i) => i)).toString("base64");

Deno.test("loadConfig() resolves a full stanza", () => {
  const text = stanza(
    "SOURCE: 192.0.2.0/24, 2001:db8::/32 ; a network of each family",
    `KEY_BASE64: ${KEY_BASE64}`,
    "HMAC_KEY some  words;not these",
    "HMAC_DIGEST_TYPE SHA512",
    "ENCRYPTION_MODE ctr",
    "DESTINATION 198.51.100.1",
    "OPEN_PORTS tcp/22, UDP/53,tcp/22",
    "RESTRICT_PORTS tcp/0",
    "REQUIRE_USERNAME alice",
    "REQUIRE_SOURCE y",
    "FW_ACCESS_TIMEOUT 60",
    "MAX_FW_TIMEOUT 90",
    "ACCESS_EXPIRE 7/4/30",
  );
  const [, second] = good("", text).stanzas;
  assert.ok(second);
  assert.equal(second.number, 2);
  assert.deepEqual(second.origin, { file: "/a", line: 5 });
  assert.equal(second.source.ranges.length, 2);
  assert.equal(second.destination?.text, "198.51.100.1");
  assert.deepEqual(second.openPorts?.map(formatService), ["tcp/22", "udp/53"]);
  assert.deepEqual(second.restrictPorts.map(formatService), ["tcp/0"]);
  assert.equal(rijndaelOf(second)?.mode, "ctr");
  assert.equal(rijndaelOf(second)?.key.length, 32);
  assert.equal(new TextDecoder().decode(hmacOf(second)?.key), "some  words");
  assert.equal(hmacOf(second)?.name, "sha512");
  assert.deepEqual([second.timeout, second.maxTimeout], [60, 90]);
  assert.equal(second.requireUsername, "alice");
  assert.equal(second.requireSourceAddress, true);
  assert.equal(second.expiresAt, new Date(2030, 6, 4).getTime() / 1000);
});

Deno.test("loadConfig() gives a stanza the defaults of the C daemon", () => {
  const { stanzas: [only], warnings } = good("", "SOURCE ANY\nKEY k");
  assert.ok(only);
  assert.deepEqual([only.timeout, only.maxTimeout, only.expiresAt, only.openPorts, hmacOf(only)], [
    30,
    300,
    null,
    null,
    null,
  ]);
  assert.equal(rijndaelOf(only)?.mode, "cbc");
  assert.match(warnings.join("\n"), /REQUIRE_SOURCE_ADDRESS not enabled for access stanza source: 'ANY'/);
  assert.match(warnings.join("\n"), /no HMAC key/);
});

Deno.test("loadConfig() combines the two timeouts", () => {
  const times = (...lines: string[]) => {
    const { stanzas: [only], warnings } = good("", stanza(...lines));
    return [only?.timeout, only?.maxTimeout, warnings.length];
  };
  assert.deepEqual(times("FW_ACCESS_TIMEOUT 0", "MAX_FW_TIMEOUT 0"), [30, 300, 0]);
  assert.deepEqual(times("FW_ACCESS_TIMEOUT 500", "MAX_FW_TIMEOUT 100"), [100, 100, 1]);
  assert.deepEqual(times("FW_ACCESS_TIMEOUT 3600"), [3600, 300, 1]);
  assert.deepEqual(times("MAX_FW_TIMEOUT 10"), [10, 10, 1]);
});

Deno.test("loadConfig() reads MAX_OPEN_GRANTS, 1000 where it is not said, and refuses 0", () => {
  assert.equal(good("", stanza()).stanzas[0]?.maxOpenGrants, 1000);
  assert.equal(good("", stanza("MAX_OPEN_GRANTS 7")).stanzas[0]?.maxOpenGrants, 7);
  for (const value of ["0", "-1", "1000001", "many"]) {
    assert.match(wrong("", stanza(`MAX_OPEN_GRANTS ${value}`)).join("\n"), /^\/a:5: MAX_OPEN_GRANTS value is /);
  }
});

Deno.test("loadConfig() lets the last of KEY and KEY_BASE64 count, with a warning", () => {
  const last = good("", stanza(`KEY_BASE64 ${KEY_BASE64}`));
  assert.equal(keyLength(last.stanzas[0]), 32);
  assert.deepEqual(last.warnings, ["/a:5: KEY_BASE64 replaces KEY of /a:2 in the same stanza"]);
  const first = good("", stanza(`KEY_BASE64 ${KEY_BASE64}`, "KEY again"));
  assert.equal(keyLength(first.stanzas[0]), 5);
  assert.equal(good("", stanza("ACCESS_EXPIRE 1/1/2030", "ACCESS_EXPIRE_EPOCH 0")).stanzas[0]?.expiresAt, null);
  assert.equal(good("", stanza("ACCESS_EXPIRE_EPOCH 77")).stanzas[0]?.expiresAt, 77);
});

Deno.test("loadConfig() cuts a key in legacy mode, and says so", () => {
  const { stanzas: [only], warnings } = good("", stanza(`KEY ${"x".repeat(40)}`, "ENCRYPTION_MODE legacy"));
  assert.equal(keyLength(only), 16);
  assert.ok(warnings.includes("/a:5: KEY is cut to 16 bytes, because ENCRYPTION_MODE is legacy"));
});

Deno.test("loadConfig() says when a key looks cut, with its line and without the key", () => {
  const warned = (line: string) => good("", stanza(line)).warnings.filter((warning) => warning.includes("looks cut"));
  for (const left of [34, 41, 42]) {
    const [warning = ""] = warned(`KEY_BASE64 ${KEY_BASE64.slice(0, left)}`);
    assert.match(warning, new RegExp(`^/a:5: KEY_BASE64 looks cut: .* ${left} characters are left`));
    assert.ok(!warning.includes(KEY_BASE64.slice(0, 4)));
    assert.match(warned(`HMAC_KEY_BASE64 ${KEY_BASE64.slice(0, left)}`)[0] ?? "", /^\/a:5: HMAC_KEY_BASE64 looks cut/);
  }
  for (const whole of [KEY_BASE64, KEY_BASE64.slice(0, 43), "QUJDREVGR0g=", "QUJDREVGR0hJSktM"]) {
    assert.deepEqual(warned(`KEY_BASE64 ${whole}`), []);
  }
});

Deno.test("loadConfig() follows includes, in order, three levels deep", () => {
  const files = {
    "/start/sub.conf": "SOURCE 192.0.2.2\nKEY b\nHMAC_KEY h\n%include /deep.conf\nOPEN_PORTS tcp/2",
    "/deep.conf": "SOURCE 192.0.2.3\nKEY c\nHMAC_KEY h",
    "/d/20.conf": "SOURCE 192.0.2.20\nKEY d\nHMAC_KEY h",
    "/d/10.conf": "SOURCE 192.0.2.10\nKEY e\nHMAC_KEY h",
    "/d/30.conf~": "SOURCE ANY\nKEY old",
    "/d/empty.conf": "# nothing\n",
    "/d/notes.txt": "not read",
  };
  const text = "SOURCE 192.0.2.1\nKEY a\nHMAC_KEY h\n%include sub.conf\nOPEN_PORTS tcp/1\n%include_folder /d/\n";
  const { stanzas, warnings } = good("", text, { files });
  assert.deepEqual(stanzas.map((one) => [one.number, one.source.text, one.openPorts?.map(formatService) ?? []]), [
    [1, "192.0.2.1", ["tcp/1"]],
    [2, "192.0.2.2", ["tcp/2"]],
    [3, "192.0.2.3", []],
    [4, "192.0.2.10", []],
    [5, "192.0.2.20", []],
  ]);
  assert.ok(warnings.includes("/d/30.conf~ is not read: only names that end in .conf are"));
  const folder = good("", "", {
    files: { "/f/b.conf": stanza(), "/f/a.conf": "# none" },
    argv: ["--access-folder", "/f"],
  });
  assert.equal(folder.stanzas.length, 1);
  assert.deepEqual(wrong("", `${stanza()}\n%include /loop.conf`, { files: { "/loop.conf": "%include /loop.conf" } }), [
    "/loop.conf:1: %include: Refusing to go deeper than 3 levels (include the file from one that is nearer to the first)",
  ]);
});

Deno.test("loadConfig() takes keys, and only keys, from %include_keys", () => {
  const keys = { "/k": `KEY_BASE64 ${KEY_BASE64}  \nHMAC_KEY with blanks  \n` };
  const [only] = good("", "SOURCE ANY\n%include_keys /k\nOPEN_PORTS tcp/22", { files: keys }).stanzas;
  assert.equal(keyLength(only), 32);
  assert.equal(new TextDecoder().decode(only?.secrets[0]?.hmac?.key), "with blanks  ");
  const slip = { files: { "/k": "OPEN_PORTS tcp/22\nHMAK_KEY secret" } };
  assert.deepEqual(wrong("", "SOURCE ANY\nKEY a\n%include_keys /k", slip), [
    "/k:2: HMAK_KEY: is not allowed in a file of %include_keys (did you mean HMAC_KEY?)",
  ]);
  const more = { files: { "/k": `KEY_BASE64 ${KEY_BASE64}\nOPEN_PORTS tcp/22\nc2VjcmV0 c2VjcmV0\n` } };
  const passed = good("", "SOURCE ANY\n%include_keys /k", more);
  assert.equal(passed.stanzas[0]?.openPorts, null);
  const advice = "a file of %include_keys holds keys only, the rest belongs in the stanza itself";
  assert.deepEqual(passed.warnings.slice(0, 2), [
    `/k:2: Ignoring invalid entry: 'OPEN_PORTS' (${advice})`,
    `/k:3: Ignoring invalid entry: its name is not shown (${advice})`,
  ]);
});

Deno.test("loadConfig() refuses what is wrong in a stanza, with its place", () => {
  const table: [string[], string[]][] = [
    [["KEY __CHANGEME__"], [
      "KEY value is not properly set: replace __CHANGEME__ with a key (fwknopd --key-gen makes one)",
    ]],
    [["KEY_BASE64 sec*ret"], [
      "KEY_BASE64: the value doesn't look like base64-encoded data " +
      "(a pass phrase belongs in KEY or HMAC_KEY; fwknopd --key-gen makes keys in base64)",
    ]],
    [["KEY_BASE64 ===="], ["KEY_BASE64: the key is empty (fwknopd --key-gen makes one that fits)"]],
    [[`KEY ${"x".repeat(33)}`], [
      "KEY: Invalid key length: the key has 33 bytes, at most 32 are allowed (fwknopd --key-gen makes one that fits)",
    ]],
    [[`HMAC_KEY ${"x".repeat(137)}`], [
      "HMAC_KEY: Invalid HMAC key length: the key has 137 bytes, at most 136 are allowed (fwknopd --key-gen makes one that fits)",
    ]],
    [["HMAC_KEY enckey"], [
      "HMAC_KEY: the encryption key and the HMAC key should not be identical (Data error in access file) (fwknopd --key-gen makes two)",
    ]],
    [["HMAC_DIGEST_TYPE blake2"], [
      'HMAC_DIGEST_TYPE argument must be one of md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512, got "blake2"',
    ]],
    [["ENCRYPTION_MODE PCBC"], [
      'ENCRYPTION_MODE: Unrecognized ENCRYPTION_MODE: expected one of CBC, ECB, CFB, OFB, CTR, Asymmetric, legacy, got "PCBC" (did you mean CBC?)',
    ]],
    [["ENCRYPTION_MODE Asymmetric"], [
      "ENCRYPTION_MODE: Asymmetric is for GnuPG, and with it no packet can be opened by the KEY of the stanza (remove the line: packets for GnuPG need none)",
    ]],
    [["OPEN_PORTS tcp/22,"], [
      'OPEN_PORTS: Parse error on access port entry: expected items such as tcp/22, got "tcp/22," (Fatal invalid OPEN_PORTS in access stanza) (remove the comma that has no item beside it)',
    ]],
    [["OPEN_PORTS tcp/abc"], [
      'OPEN_PORTS: Parse error on access port entry: expected items such as tcp/22, got "tcp/abc" (Fatal invalid OPEN_PORTS in access stanza) (write the number of the port, not the name of its service)',
    ]],
    [["OPEN_PORTS icmp/1"], [
      'OPEN_PORTS: Invalid protocol in access port entry: expected tcp or udp, got "icmp/1" (Fatal invalid OPEN_PORTS in access stanza) (only tcp and udp have ports that can be opened)',
    ]],
    [["OPEN_PORTS tcp/65536"], [
      "OPEN_PORTS: Invalid port '65536' in access request, must be in [0,65535], got \"tcp/65536\" (Fatal invalid OPEN_PORTS in access stanza)",
    ]],
    [["ACCESS_EXPIRE 13/45/2020"], ['ACCESS_EXPIRE: invalid date value: there is no such day, got "13/45/2020"']],
    [["ACCESS_EXPIRE 2/29/2023"], ['ACCESS_EXPIRE: invalid date value: there is no such day, got "2/29/2023"']],
    [["ACCESS_EXPIRE tomorrow"], ['ACCESS_EXPIRE: invalid date value: expected MM/DD/YYYY, got "tomorrow"']],
    [["ACCESS_EXPIRE_EPOCH abc"], [
      'ACCESS_EXPIRE_EPOCH: invalid epoch seconds value: expected a number from 0 up, got "abc"',
    ]],
    [["FW_ACCESS_TIMEOUT 8388609"], [
      'FW_ACCESS_TIMEOUT value is out of range: not in range 0-8388608, got "8388609"',
    ]],
    [["OPEN_PROTS tcp/22"], ["OPEN_PROTS: unknown configuration parameter (did you mean OPEN_PORTS?)"]],
    [["SOUCRE 192.0.2.1"], ["SOUCRE: unknown configuration parameter (did you mean SOURCE?)"]],
    [["source ANY"], [
      "source: unknown configuration parameter (did you mean SOURCE? names are written in capitals)",
    ]],
    [["PCAP_INTF lo"], [
      "PCAP_INTF: unknown configuration parameter (PCAP_INTF belongs in fwknopd.conf of the server)",
    ]],
    [["KEY=topsecret"], ['KEY has no value (Invalid access file entry) (write a blank between the two, not "=")']],
    [["dG9wc2VjcmV0"], [
      "this line has no value (Invalid access file entry) (write a value after it, or put # before the line; " +
      "if it is the rest of the line above, join the two)",
    ]],
    [["%include /gone"], [
      "Could not open access file: /gone: No such file or directory (it was not found) (make it, or name another in that line)",
    ]],
    [["%include_folder /gone"], [
      "Invalid access folder directory '/gone': it could not be opened: No such file or directory (name an existing directory)",
    ]],
    [["%incldue /x"], ["%incldue: unknown configuration parameter (did you mean %include?)"]],
  ];
  for (const [lines, expected] of table) {
    assert.deepEqual(wrong("", stanza(...lines)), expected.map((line) => `/a:5: ${line}`), lines.join("; "));
  }
});

Deno.test("loadConfig() accepts what is known, not built, and asks for nothing", () => {
  assert.deepEqual(
    wrong(
      "",
      stanza("ENABLE_CMD_EXEC N", "FORWARD_ALL n", "GPG_REQUIRE_SIG N", "FORCE_MASQUERADE No", "DISABLE_DNAT N"),
    ),
    [],
  );
});

Deno.test("loadConfig() refuses stanzas without keys, lines outside stanzas, and files without stanzas", () => {
  assert.deepEqual(wrong("", "SOURCE ANY\nOPEN_PORTS tcp/22"), [
    "/a:1: No keys found for access stanza source: 'ANY' (Data error in access file) (add KEY_BASE64 (fwknopd --key-gen makes one))",
  ]);
  assert.deepEqual(wrong("", `KEY early\nRESTRICT_PORTS tcp/22\n${stanza()}`), [
    "/a:1: KEY: stands before the first SOURCE of the file and belongs to no stanza (begin the stanza with a SOURCE line)",
    "/a:2: RESTRICT_PORTS: stands before the first SOURCE of the file and belongs to no stanza " +
    "(begin the stanza with a SOURCE line)",
  ]);
  assert.deepEqual(wrong("", "# nothing"), [
    "/a: Could not find valid SOURCE stanza: could not find any valid access.conf stanzas (a stanza begins with SOURCE)",
  ]);
});

Deno.test("loadConfig() reports the problems of both files and all stanzas in one go, and no secret", () => {
  const access = [
    "SOURCE 10.0.0.0/33",
    "KEY __CHANGEME__",
    "SOURCE ANY",
    "KEY topsecret1",
    "HMAC_KEY topsecret1",
    "SOURCE ANY",
    "KEY_BASE64 topsecret2*",
    "HMAC_KEY_BASE64 topsecret3 topsecret4",
    "topsecret5 topsecret6",
    "MAX_FW_TIMEOUT -1",
  ].join("\n");
  const lines = wrong("PCAP_INFT lo\nMAX_SNIFF_BYTES 0", access);
  const places = ["/c:1", "/c:2", "/a:1", "/a:2", "/a:5", "/a:7", "/a:8", "/a:9", "/a:10"];
  assert.deepEqual(lines.map((line) => /^[^:]*:[0-9]*/.exec(line)?.[0]), places);
  assert.doesNotMatch(lines.join("\n"), /topsecret/);
});

Deno.test("loadConfig() keeps one copy of each key that counts, beside what was written", () => {
  const { access } = good("", stanza(`KEY_BASE64 ${KEY_BASE64}`));
  for (const { stanza, settings } of access) {
    assert.equal(settings.hmacKey, hmacOf(stanza)?.key);
    assert.ok([settings.key, settings.keyBase64].includes(rijndaelOf(stanza)?.key as Uint8Array<ArrayBuffer>));
  }
  // Both were written in one stanza: what the later one replaced is in the dump, too.
  assert.equal(access.length, 1);
  assert.equal(new TextDecoder().decode(access[0]?.settings.key), "enckey");
});
