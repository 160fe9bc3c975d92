import assert from "node:assert/strict";
import fc from "fast-check";
import { isHost, isHostName } from "../../../lib/net/host_name.ts";

Deno.test("isHostName() takes names as resolvers do", () => {
  const rows = [
    "a",
    "gw",
    "internal.example.com",
    "example.com.",
    "3com.example",
    "a-b.c",
    "db_1.lan",
    "X".repeat(63),
    `${"a.".repeat(126)}a`,
    "1.2.3.4.example",
  ];
  for (const text of rows) assert.equal(isHostName(text), true, text);
});

Deno.test("isHostName() refuses addresses that are none, bad labels and other characters", () => {
  const rows = [
    "",
    ".",
    "a..b",
    ".a",
    "a.b..",
    "-a",
    "a-",
    "a-.b",
    "_a",
    "X".repeat(64),
    `${"a.".repeat(127)}aa`,
    "h@st",
    "a b",
    "a/b",
    "é",
    "999.1.2.3",
    "1.2.3.4",
    "42",
    "a:1",
    "[::1]",
    "a\n",
  ];
  for (const text of rows) assert.equal(isHostName(text), false, text);
});

Deno.test("isHost() takes what people connect to: names, addresses of both families, zones", () => {
  const rows = [
    "gw",
    "gw.example.org.",
    "xn--mller-kva.example",
    "_gateway",
    "db_1.lan",
    "192.0.2.1",
    "127.1",
    "2130706433",
    "2001:db8::1",
    "::1",
    "fe80::1%eth0",
    "fe80::1%2",
    "fe80::1%wg-home.100",
  ];
  for (const text of rows) assert.equal(isHost(text), true, text);
});

Deno.test("isHost() refuses what a shell, ssh_config, a URL or a terminal could read as something else", () => {
  const rows = [
    ...["", " ", "$(id)", "`id`", "a;id", "a&id", "a|id", "a>f", "a b", "a\tb", "a\nb", "a\0", "a'b", 'a"b', "a\\b"],
    ...[
      "-oProxyCommand=x",
      "*",
      "a*",
      "!a",
      "?",
      "a#b",
      "${HOME}",
      "~root",
      "%h",
      "a%h",
      "gw%eth0",
      "a/b",
      "a,b",
      "a@b",
    ],
    ...["gw:22", "[::1]", "müller.example", "a\u202eb", "a\x1bb", "\ud800"],
    ...[
      "fe80::1%",
      "fe80::1%eth0;id",
      "fe80::1%$(id)",
      "fe80::1%-x",
      "fe80::1%a%b",
      "fe80::1%eth0 x",
      "192.0.2.1%eth0",
    ],
    ...["::ffff:192.0.2.1%eth0", "fe80::1%aaaaaaaaaaaaaaaa", "999.1.2.3", "256.1", "1.2.3.4.5", "4294967296", "010.1"],
  ];
  for (const text of rows) assert.equal(isHost(text), false, JSON.stringify(text));
});

Deno.test("isHost() takes only letters, digits and five signs, whatever the text is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      if (isHost(text)) assert.match(text, /^[A-Za-z0-9._:%-]+$/);
    }),
    { numRuns: 2000 },
  );
});
