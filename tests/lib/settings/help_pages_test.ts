import assert from "node:assert/strict";
import { helpPage } from "../../../lib/settings/help_pages.ts";
import { integer, text, yesNo } from "../../../lib/settings/kinds.ts";
import type { SettingTable } from "../../../lib/settings/setting.ts";

const TABLE = {
  port: {
    kind: integer(0, 65535, "PORT"),
    option: { short: "p", long: ["server-port"], argument: "required" },
    directive: ["SERVER_PORT"],
    group: "where to knock",
    doc: "port of the server",
  },
  wait: { kind: yesNo, option: { exact: ["wait"], argument: "none" }, group: "after the knock", doc: "wait for it" },
  key: { kind: text({ valueName: "KEY" }), directive: ["KEY"], group: "keys", doc: "the key" },
} as const satisfies SettingTable;

const PAGES = {
  program: "prog",
  version: "1.0",
  brief: "knocks",
  synopses: ["prog -p PORT", "prog [OPTION]..."],
  essential: ["port", "wait"],
  short: { wait: "wait" },
};

function page(topic: string | null): string {
  const made = helpPage(TABLE, PAGES, topic);
  return made.ok ? made.value : `${made.fault.message} (${made.fault.hint})`;
}

Deno.test("helpPage(): the short page has the essential options, their short texts, and where more is", () => {
  assert.deepEqual(page(null).split("\n"), [
    "prog 1.0: knocks",
    "Usage: prog -p PORT",
    "   or: prog [OPTION]...",
    "",
    "  -p, --server-port=PORT        port of the server",
    "      --wait                    wait",
    "",
    "All options: prog --help=all       Manual: man prog",
    "One topic: prog --help=WORD with where, after",
  ]);
});

Deno.test("helpPage(): all, a topic by its beginning, and the topic of an option or a directive", () => {
  assert.match(page("all"), /--server-port=PORT[^]*--wait/);
  for (const topic of ["where", "WHERE", "-p", "--server-port", "SERVER_PORT"]) {
    assert.match(page(topic), /--server-port=PORT/, topic);
    assert.doesNotMatch(page(topic), /--wait/, topic);
  }
  for (const topic of ["after", "--wait", "wait"]) assert.match(page(topic), /--wait/, topic);
});

Deno.test("helpPage(): an unknown word is refused with the words that there are", () => {
  const list = "the topics are where, after, and all";
  assert.equal(page("zzzzzz"), `--help: there is no topic "zzzzzz" (${list})`);
  assert.match(page("wher e"), new RegExp(`^--help: there is no topic "wher e" \\(.*where.*${list}\\)$`));
  assert.match(page(""), /there is no topic ""/);
});

Deno.test("helpPage(): a key that the table does not have is a mistake of ours", () => {
  assert.throws(() => helpPage(TABLE, { ...PAGES, essential: ["nothing"] }, null), TypeError);
});
