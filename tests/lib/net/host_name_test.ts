import assert from "node:assert/strict";
import { isHostName } from "../../../lib/net/host_name.ts";

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
