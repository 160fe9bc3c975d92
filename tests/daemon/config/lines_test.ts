/** What people write into the daemon's files and did not mean so: each has its remedy, and no text is lost without a word. */
import assert from "node:assert/strict";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import { formatService } from "../../../lib/net/service.ts";
import type { Setting, SettingTable } from "../../../lib/settings/setting.ts";
import { good, load, STANZA, wrong } from "./in_memory.ts";
import { hmacOf, rijndaelOf } from "../../../daemon/config/stanza.ts";

/** The one problem of a line in fwknopd.conf, and in a stanza; without its place. */
const server = (line: string) => only(wrong(line), "/c:1: ");
const access = (line: string) => only(wrong("", `${STANZA}${line}\n`), "/a:5: ");

function only(lines: readonly string[], place: string): string {
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.ok(lines[0]?.startsWith(place), lines[0]);
  return lines[0]?.slice(place.length) ?? "";
}

/** The warnings of a stanza with this line, without their place. */
function warned(line: string): readonly string[] {
  return good("", `${STANZA}${line}\n`).warnings.filter((one) => one.startsWith("/a:5")).map((one) => one.slice(6));
}

Deno.test("a name of another place is shown with the place where it belongs", () => {
  const unknown = "unknown configuration parameter";
  const table: [(line: string) => string, string, string][] = [
    [server, "OPEN_PORTS tcp/22", `OPEN_PORTS: ${unknown} (OPEN_PORTS belongs in access.conf of the server)`],
    [server, "SPA_SERVER gw", `SPA_SERVER: ${unknown} (SPA_SERVER belongs in .fwknoprc of the client)`],
    [server, "open_ports tcp/22", `open_ports: ${unknown} (OPEN_PORTS belongs in access.conf of the server)`],
    [server, "--interface eth0", `--interface: ${unknown} (did you mean PCAP_INTF?)`],
    [server, "interface eth0", `interface: ${unknown} (did you mean PCAP_INTF?)`],
    [server, "ENABLE_MAGIC Y", `ENABLE_MAGIC: ${unknown}`],
    [server, "%include /x", `%include: ${unknown} (%include belongs in access.conf of the server)`],
    [server, "%includ /x", `%includ: ${unknown} (%include belongs in access.conf of the server, if that is meant)`],
    [server, "PCAP_INTF: eth0", `PCAP_INTF: ${unknown} with ":" (write PCAP_INTF without the colon)`],
    [server, "PCAP_INTF= eth0", `PCAP_INTF: ${unknown} with "=" (write a blank between the two, not "=")`],
    [access, "PCAP_INTF eth0", `PCAP_INTF: ${unknown} (PCAP_INTF belongs in fwknopd.conf of the server)`],
    [access, "ACCESS tcp/22", `ACCESS: ${unknown} (ACCESS belongs in .fwknoprc of the client)`],
    [access, "FW_TIMEOUT 30", `FW_TIMEOUT: ${unknown} (did you mean FW_ACCESS_TIMEOUT?)`],
    [access, "--destination gw", `--destination: ${unknown} (--destination is an option of the client, fwknop)`],
    [access, "KEY= x", `KEY: ${unknown} with "=" (write a blank between the two, not "=")`],
    [access, "KEY:x", "KEY has no value (Invalid access file entry) (write a blank after the colon)"],
  ];
  for (const [read, line, expected] of table) assert.equal(read(line), expected, line);
});

Deno.test("blanks, quotes, equals signs and other spellings get their remedy", () => {
  const equals = 'write a blank between the two, not "="';
  const quotes = "write it without quotes";
  const table: [(line: string) => string, string, string, string][] = [
    [server, "PCAP_INTF = eth0", 'PCAP_INTF: the value begins with "="', equals],
    [server, 'PCAP_FILTER "udp port 62201"', "PCAP_FILTER: the value is in quotes", quotes],
    [server, "ACCESS_FILE '/a'", "ACCESS_FILE: the value is in quotes", quotes],
    [server, "ENABLE_UDP_SERVER = Y", "ENABLE_UDP_SERVER: No available capture mode: expected Y or N", equals],
    [server, 'FIREWALL "nftables"', "FIREWALL: expected one of", quotes],
    [server, "ENABLE_UDP_SERVER on", "ENABLE_UDP_SERVER: No available capture mode: expected Y or N", "write Y"],
    [server, "ENABLE_TCP_SERVER false", 'ENABLE_TCP_SERVER: expected Y or N, got "false"', "write N"],
    [
      server,
      "MAX_SPA_PACKET_AGE 2m",
      "var MAX_SPA_PACKET_AGE value is not in the range: expected a number",
      "write the number alone: 120",
    ],
    [
      server,
      "NFT_INPUT_CHAINS filter input",
      "NFT_INPUT_CHAINS: expected items",
      "write the family too: inet filter input",
    ],
    [
      server,
      "IPT_INPUT_ACCESS ACCEPT, src, filter, INPUT, 1, FWKNOP_INPUT, 1",
      "Invalid IPT_INPUT_ACCESS specification",
      "fwknop 1.x had a direction there: write ACCEPT, filter, INPUT, 1, FWKNOP_INPUT, 1",
    ],
    [access, "ENABLE_CMD_EXEC false", 'ENABLE_CMD_EXEC: expected Y or N, got "false"', "write N"],
    [access, "ENABLE_CMD_EXEC 0", 'ENABLE_CMD_EXEC: expected Y or N, got "0"', "write N"],
    [access, "REQUIRE_SOURCE true", 'REQUIRE_SOURCE: expected Y or N, got "true"', "write Y"],
    [access, "OPEN_PORTS tcp/22 udp/53", "OPEN_PORTS: Parse error", "separate items with commas: tcp/22,udp/53"],
    [access, "OPEN_PORTS = tcp/22", "OPEN_PORTS: Parse error", equals],
    [access, 'OPEN_PORTS "tcp/22"', "OPEN_PORTS: Parse error", quotes],
    [access, "DESTINATION 10.0.0.0-10.0.0.9", 'DESTINATION: "10.0.0.0-10.0.0.9" must be', "write a range as networks"],
    [access, 'REQUIRE_USERNAME "bob"', "REQUIRE_USERNAME: no packet can carry this user name", quotes],
    [
      access,
      "ACCESS_EXPIRE 2030-12-31",
      "ACCESS_EXPIRE: invalid date value",
      "write 12/31/2030: the month comes first",
    ],
    [access, "ACCESS_EXPIRE 31/12/2030", "ACCESS_EXPIRE: invalid date value", "the month comes first: 12/31/2030"],
    [access, "ACCESS_EXPIRE never", "ACCESS_EXPIRE: invalid date value", "leave the line out"],
    [server, "FIREWALL nft", "FIREWALL: expected one of", "did you mean nftables?"],
    [server, "SYSLOG_FACILITY local0", "SYSLOG_FACILITY: Invalid SYSLOG_FACILITY", "did you mean LOG_LOCAL0?"],
    [
      server,
      "NFT_INPUT_CHAINS inet filter",
      "NFT_INPUT_CHAINS: expected items",
      "write the chain too: inet filter input",
    ],
    [access, "ENCRYPTION_MODE aes-cbc", "ENCRYPTION_MODE: Unrecognized", "did you mean CBC?"],
    [
      access,
      "FW_ACCESS_TIMEOUT 30s",
      "FW_ACCESS_TIMEOUT value is not in range: expected a number",
      "write the number alone: 30",
    ],
  ];
  for (const [read, line, message, remedy] of table) {
    const said = read(line);
    assert.ok(said.startsWith(message), `${said} does not begin with ${message}`);
    assert.ok(said.includes(`(${remedy}`), `${said} does not hint: ${remedy}`);
  }
});

Deno.test("every Y/N of both files says which letter to write", () => {
  const tables: [SettingTable, (line: string) => string][] = [[SERVER_SETTINGS, server], [ACCESS_SETTINGS, access]];
  for (const [table, read] of tables) {
    for (const { kind, directive } of Object.values(table) as Setting[]) {
      // What has no effect, or only where it is judged late, may say anything.
      if (kind.valueName !== "Y|N" || kind.parse("off").ok || directive === undefined) continue;
      const words = directive[0] === "ENABLE_UDP_SERVER" ? "No available capture mode: " : "";
      assert.equal(read(`${directive[0]} off`), `${directive[0]}: ${words}expected Y or N, got "off" (write N)`);
      assert.equal(read(`${directive[0]} TRUE`), `${directive[0]}: ${words}expected Y or N, got "TRUE" (write Y)`);
    }
  }
});

Deno.test("a key that cannot be one is told so by what it looks like, and never shown", () => {
  const table: [string, string][] = [
    ['KEY_BASE64 "c2VjcmV0c2VjcmV0"', "write it without quotes"],
    ["KEY_BASE64 = c2VjcmV0", 'write a blank between the two, not "="'],
    ["KEY_BASE64 c2Vj cmV0", "write the key without blanks, on one line"],
    ["KEY_BASE64 c2Vjc-V0_w", "write + for - and / for _: this is the alphabet of URLs"],
    ["HMAC_KEY_BASE64 my pass phrase!", "write the key without blanks, on one line"],
    [`KEY ${"c2VjcmV0c2VjcmV0".repeat(2)}c2VjcmV0c2U=`, "a key in base64 is written as KEY_BASE64"],
  ];
  for (const [line, remedy] of table) {
    const lines = wrong(
      "",
      `SOURCE ANY\nREQUIRE_SOURCE_ADDRESS Y\n${line}\n${line.startsWith("KEY") ? "" : "KEY x\n"}`,
    );
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith(`(${remedy})`), lines[0]);
    assert.doesNotMatch(lines[0] ?? "", /c2Vj|pass phrase!/);
  }
  const [wrapped] = wrong("", "SOURCE ANY\nKEY_BASE64 c2VjcmV0c2VjcmV0\nc2VjcmV0c2VjcmV0==\n");
  assert.match(
    wrapped ?? "",
    /^\/a:3: this line has no value \(.*if it is the rest of the line above, join the two\)$/,
  );
});

Deno.test("a comment may follow every value that cannot hold #, as in the C daemon", () => {
  const text = "SOURCE 192.0.2.1   # home\nOPEN_PORTS tcp/22\t# ssh\nRESTRICT_PORTS tcp/23 # telnet; no\n" +
    "KEY_BASE64 c2VjcmV0 # enc\nHMAC_KEY_BASE64 bW9yZQ== # mac\nREQUIRE_SOURCE_ADDRESS Y # yes\nFW_ACCESS_TIMEOUT 9 # s\n" +
    "REQUIRE_USERNAME bob # him\n";
  const loaded = good("PCAP_INTF eth1 # outside\nMAX_SPA_PACKET_AGE 60 # a minute\nENABLE_UDP_SERVER N # no", text);
  const [stanza] = loaded.stanzas;
  assert.equal(loaded.config.capture.interfaces.join(), "eth1");
  assert.equal(loaded.config.maxAge, 60);
  assert.equal(stanza?.source.text, "192.0.2.1");
  assert.deepEqual(stanza?.openPorts?.map(formatService), ["tcp/22"]);
  assert.deepEqual(stanza?.restrictPorts.map(formatService), ["tcp/23"]);
  assert.deepEqual([stanza?.requireUsername, stanza?.timeout, stanza?.requireSourceAddress], ["bob", 9, true]);
  assert.deepEqual(loaded.warnings, []);
});

Deno.test("# in a pass phrase or a path belongs to it, and is warned of", () => {
  const part = "the # and what follows it are part of the value: a comment has a line of its own";
  const [stanza] = good("", "SOURCE ANY\nHMAC_KEY y\nREQUIRE_SOURCE_ADDRESS Y\nKEY pass # word\n").stanzas;
  assert.equal(new TextDecoder().decode(stanza && rijndaelOf(stanza)?.key), "pass # word");
  assert.ok(warned("HMAC_KEY pass # word").includes(`HMAC_KEY: ${part}`));
  assert.ok(good("DIGEST_FILE /run/d # e").warnings.includes(`/c:1: DIGEST_FILE: ${part}`));
  assert.match(
    wrong("ACCESS_FILE /gone # mine", STANZA, { argv: ["-a", "/a"] }).join(),
    /^$/,
  );
  assert.match(access("%include /gone # mine"), /\(a path may hold #: put the comment on a line of its own\)$/);
});

Deno.test("what stands behind ; is refused where it would have limited something, and else told", () => {
  const table: [string, string][] = [
    [
      "OPEN_PORTS tcp/22; RESTRICT_PORTS tcp/23",
      "OPEN_PORTS: RESTRICT_PORTS stands behind it on the same line, where it is not read",
    ],
    ["KEY a;HMAC_KEY s3cret", "KEY: HMAC_KEY stands behind it on the same line, where it is not read"],
    ["OPEN_PORTS tcp/22\rRESTRICT_PORTS tcp/23", "OPEN_PORTS: RESTRICT_PORTS stands behind it on the same line"],
    [
      "RESTRICT_PORTS tcp/23; tcp/25",
      'RESTRICT_PORTS: the value ends at ;, and what follows it would not count: "tcp/25"',
    ],
  ];
  for (const [line, message] of table) assert.ok(access(line).startsWith(message), access(line));
  assert.deepEqual(warned("DESTINATION 10.0.0.1; 10.0.0.2"), ['DESTINATION: "10.0.0.2" behind the ; is not read']);
  assert.deepEqual(warned("OPEN_PORTS tcp/22; tcp/23"), ['OPEN_PORTS: "tcp/23" behind the ; is not read']);
  assert.deepEqual(warned("OPEN_PORTS: tcp/22;   ### for ssh"), []);
  const [first] = good("", `${STANZA.replace("KEY enckey", "KEY enc;s3cret")}`).warnings;
  assert.equal(first, "/a:2: KEY: what follows the ; is not read");
  assert.match(server("EMAIL_ADDRESSES a; PCAP_INTF lo"), /^EMAIL_ADDRESSES: PCAP_INTF stands behind it/);
  const strange = load("", `${STANZA}hunter2 x; s3cret\n`);
  assert.doesNotMatch(JSON.stringify(strange), /hunter2|s3cret/);
});

Deno.test("noise of OpenWrt's LuCI and of the 1.x daemon passes with a warning", () => {
  const { warnings, config } = good(
    "EMAIL_ADDRESSES root@localhost;\nHOSTNAME x;\nFIREWALL_TYPE iptables;\nAUTH_MODE PCAP;\nBLACKLIST NONE;\n" +
      "FWKNOP_DIR /var/log/fwknop;\nFWKNOP_ERR_DIR $FWKNOP_DIR/errs;\nDIGEST_FILE $FWKNOP_DIR/digest.cache;\nmailCmd /bin/mail;",
    `${STANZA}keytype Base 64 key\nhkeytype Base 64 key\nDATA_COLLECT_MODE: PCAP;\nPERMIT_CLIENT_PORTS: Y;\n`,
  );
  assert.equal(config.replay.file, "/var/log/fwknop/digest.cache");
  assert.deepEqual([config.mail?.to, config.mail?.host], [["root@localhost"], "x"]);
  assert.deepEqual(warnings.map((line) => line.split(" ").slice(0, 4).join(" ")), [
    ...[3, 4, 5, 6, 7, 9].map((line) => {
      const names = [
        "",
        "",
        "FIREWALL_TYPE",
        "AUTH_MODE",
        "BLACKLIST",
        "FWKNOP_DIR",
        "FWKNOP_ERR_DIR",
        "",
        "mailCmd",
      ];
      return `/c:${line}: ${names[line - 1]} is of`;
    }),
    "/a:5: keytype of OpenWrt's",
    "/a:6: hkeytype of OpenWrt's",
    "/a:7: DATA_COLLECT_MODE is of",
    "/a:8: PERMIT_CLIENT_PORTS is of",
  ]);
});

Deno.test("variables of the 1.x daemon that limited something are refused while they ask for it", () => {
  const limits = "is of fwknop 1.x, and what it limits would not be limited";
  for (
    const line of ["BLACKLIST 10.0.0.0/8", "ENABLE_EXTERNAL_CMDS Y", "FIREWALL_TYPE external_cmd", "ACCESS_CONF /x"]
  ) {
    assert.ok(server(line).startsWith(`${line.split(" ")[0]}: ${limits} (`), server(line));
  }
  for (
    const line of [
      ...["RESTRICT_INTF eth0", "CMD_REGEX ls", "DISABLE_FW_ACCESS Y", "PERMIT_CLIENT_PORTS N"],
      ...["PERMIT_CLIENT_TIMEOUT N", "VALID_USERS bob", "EXTERNAL_CMD_OPEN /bin/x", "INTERNAL_NET_ACCESS 10.0.0.0/8"],
    ]
  ) assert.ok(access(line).startsWith(`${line.split(" ")[0]}: ${limits} (`), access(line));
});

Deno.test("hints fit their cause: nothing is advised that was done already", () => {
  assert.equal(
    server("DIGEST_FILE $FWKNOP_RUN_DIR x"),
    "DIGEST_FILE: unexpected text after the blank that follows $FWKNOP_RUN_DIR (write it at once after the name)",
  );
  const keys = { "/k": "KEY a\nHMAC_KEY b\n" };
  const [outside] = wrong("", `${STANZA}%include /k\n`, { files: keys });
  assert.match(outside ?? "", /or name the file in it with %include_keys\)$/);
  assert.doesNotMatch(access("%include /gone"), / -a\)/);
});

Deno.test("keys are the bytes of the file, and other values hold none that are no text", () => {
  const loaded = load("", "SOURCE ANY\nKEY sch\udcf6n\nHMAC_KEY gr\udcfc\udcdfe\nREQUIRE_SOURCE_ADDRESS Y\n");
  assert.ok(loaded.ok);
  assert.deepEqual(rijndaelOf(loaded.stanzas[0]!)?.key, Uint8Array.fromHex("736368f66e"));
  assert.deepEqual(hmacOf(loaded.stanzas[0]!)?.key, Uint8Array.fromHex("6772fcdf65"));
  const no = "the value holds bytes that are no UTF-8 text (save the file as UTF-8)";
  assert.equal(access("REQUIRE_USERNAME j\udcf6rg"), `REQUIRE_USERNAME: ${no}`);
  assert.equal(server("DIGEST_FILE /run/\udcf6"), `DIGEST_FILE: ${no}`);
});

Deno.test("of a file that is wrong everywhere the first lines are told, and how many more there are", () => {
  const lines = wrong(Array.from({ length: 150 }, (_, index) => `PCAP_INTERFAC${index} x`).join("\n"));
  assert.equal(lines.length, 101);
  assert.match(lines[0] ?? "", /^\/c:1: /);
  assert.equal(lines[100], "/c: 50 more lines are wrong (name a file that is a configuration)");
});

Deno.test("a file with thousands of wrong lines is given up, with STRICT N too", () => {
  const noise = "nonsense words\n".repeat(5000);
  for (const strict of ["Y", "N"]) {
    const loaded = load(`STRICT ${strict}\n${noise}`);
    assert.ok(!loaded.ok);
    const text = JSON.stringify(loaded.problems);
    assert.match(text, strict === "Y" ? /901 more lines are wrong/ : /what follows is not looked at/);
  }
  const bare = load("", "x\n".repeat(5000));
  assert.ok(!bare.ok && bare.problems.length === 101);
});

Deno.test("files that include themselves or each other end at the third level, however often they do", () => {
  const many = `${STANZA}${"%include /a\n".repeat(2000)}`;
  const loaded = load("", many);
  assert.ok(!loaded.ok);
  assert.match(JSON.stringify(loaded.problems), /Refusing to go deeper than 3 levels/);
  assert.match(JSON.stringify(loaded.problems), /more lines are wrong/);
});
