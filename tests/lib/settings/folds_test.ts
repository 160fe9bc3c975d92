/** What is made from a table: help, man page, reference, sample file, completion. */
import assert from "node:assert/strict";
import { formatCompletion } from "../../../lib/settings/completion.ts";
import { formatHelp, helpTopics, wrap } from "../../../lib/settings/help.ts";
import { choice, integer, path, text, yesNo } from "../../../lib/settings/kinds.ts";
import { formatManPage } from "../../../lib/settings/man.ts";
import { formatReference } from "../../../lib/settings/reference.ts";
import { formatSample } from "../../../lib/settings/sample.ts";
import type { SettingTable } from "../../../lib/settings/setting.ts";

const TABLE = {
  port: {
    kind: integer(0, 65535, "PORT"),
    option: { short: "p", long: ["server-port", "port"], argument: "required" },
    directive: ["SERVER_PORT"],
    fallback: 62201,
    group: "where",
    doc: "port of the server",
    detail: "It's the same for all protocols.",
  },
  proto: {
    kind: choice(["udp", "tcp", "http"]),
    option: { short: "P", argument: "required" },
    group: "where",
    doc: "protocol",
  },
  color: { kind: text(), option: { long: ["color"], argument: "optional" }, group: "look", doc: "colour [a:b] of it" },
  file: { kind: path(), option: { exact: ["file"], argument: "required" }, group: "look", doc: "read this file" },
  fire: {
    kind: yesNo,
    option: { long: ["fire-on-everything-at-once"], argument: "none" },
    later: "FIRE is not supported by this version",
    group: "look",
    doc: "burn",
  },
  key: { kind: text({ valueName: "KEY" }), directive: ["KEY"], secret: true, group: "keys", doc: "the key" },
  ghost: { kind: yesNo, option: { long: ["ghost"], argument: "none" }, hidden: true, group: "tests", doc: "boo" },
} as const satisfies SettingTable;

const PROGRAM = { program: "prog", synopsis: "prog [OPTION]...", version: "1.0" };

Deno.test("formatHelp() lists the visible options by topic", () => {
  assert.deepEqual(helpTopics(TABLE), ["where", "look"]);
  assert.equal(
    formatHelp(TABLE, { ...PROGRAM, footer: "That is all." }),
    `prog 1.0

Usage: prog [OPTION]...

Where:
  -p, --server-port=PORT    port of the server (default 62201)
  -P NAME                   protocol

Look:
      --color[=TEXT]        colour [a:b] of it
      --file=FILE           read this file
      --fire-on-everything-at-once
                            burn (not in this version)

That is all.`,
  );
});

Deno.test("formatHelp() shows one topic, or what topics there are", () => {
  const one = formatHelp(TABLE, { ...PROGRAM, topic: "LOOK" });
  assert.match(one, /--color/);
  assert.doesNotMatch(one, /--server-port/);
  assert.match(formatHelp(TABLE, { ...PROGRAM, topic: "nothing" }), /Topics: where, look$/);
});

Deno.test("formatHelp() names every spelling and what is hidden where all is wanted", () => {
  const all = formatHelp(TABLE, { ...PROGRAM, complete: true });
  assert.match(all, /^ {2}-p, --server-port=PORT {4}port of the server \(also --port; default 62201\)$/m);
  // A group that is hidden as a whole has no heading to stand under.
  assert.doesNotMatch(all, /--ghost/);
});

Deno.test("wrap() breaks at blanks and keeps long words whole", () => {
  assert.deepEqual(wrap("aa bb cc", 5), ["aa bb", "cc"]);
  assert.deepEqual(wrap("aaaaaaaa b", 5), ["aaaaaaaa", "b"]);
  assert.deepEqual(wrap("", 5), [""]);
});

Deno.test("a value that begins a text is written as it is typed, on man pages and in the reference", () => {
  const proto = { ...TABLE.proto, doc: "udp, tcp or http" };
  const rows = { table: { proto }, by: "option" } as const;
  const page = { name: "prog", section: 8, brief: "a program", version: "1.0", synopsis: "prog" };
  assert.match(formatManPage({ ...page, sections: [{ heading: "Options", rows }] }), /^udp, tcp or http\.$/m);
  assert.match(formatReference("prog", "Options.", { proto }), /^udp, tcp or http\.$/m);
});

Deno.test("formatManPage() writes options and directives, and text that roff does not misread", () => {
  const page = formatManPage({
    name: "prog",
    section: 8,
    brief: "a program",
    version: "1.0",
    synopsis: "prog [OPTION]...",
    sections: [
      { heading: "Description", prose: [".starts with a dot", "    prog -p 1 \\\n    prog", "'quoted"] },
      { heading: "Options", rows: { table: TABLE, by: "option" } },
      { heading: "File", rows: { table: TABLE, by: "directive" } },
    ],
  });
  assert.match(page, /^\.SH DESCRIPTION\n\\&\.starts with a dot\n\.PP$/m);
  assert.match(page, /^\.nf\n\.RS\nprog \\-p 1 \\e\nprog\n\.RE\n\.fi$/m);
  assert.match(page, /^\\&'quoted$/m);
  assert.match(
    page,
    /^\.B \\-p, \\-\\-server\\-port=PORT\n\.TQ\n\.B \\-\\-port\nPort of the server\.\nValue: a number from 0 to 65535\.\nDefault: 62201\.$/m,
  );
  assert.match(page, /^In the file: SERVER_PORT\.$/m);
  assert.match(page, /^Value: one of udp, tcp, http\.$/m);
  assert.match(page, /^\.B SERVER_PORT PORT$/m);
  assert.match(page, /FIRE is not supported by this version\./);
  assert.match(page, /ghost/);
  assert.doesNotMatch(page, /^[.'](?!PP|SH|SS|TH|TP|TQ|B |IP|nf|fi|RS|RE)/m);
});

Deno.test("formatReference() has a heading for each setting", () => {
  const page = formatReference("Title", "Intro.", TABLE);
  assert.match(page, /^### `SERVER_PORT`, `-p, --server-port=PORT`, `--port`$/m);
  assert.match(page, /^Value: a number from 0 to 65535\. Default: `62201`\.$/m);
  assert.match(page, /^\*\*FIRE is not supported by this version\.\*\*$/m);
});

Deno.test("formatSample() comments out every directive at its default, and names no secret", () => {
  assert.equal(
    formatSample(TABLE, { introduction: ["Hello", ""] }),
    `# Hello
#

#
# ---- where ----
#

# Port of the server. It's the same for all protocols.
#SERVER_PORT                 62201
`,
  );
});

Deno.test("formatSample() has what is in force once, a secret too", () => {
  assert.equal(
    formatSample(TABLE, { introduction: ["Hello"], active: { SERVER_PORT: "22", KEY: "__CHANGEME__" } }),
    `# Hello

#
# ---- where ----
#

# Port of the server. It's the same for all protocols.
SERVER_PORT                 22

#
# ---- keys ----
#

# The key.
KEY                         __CHANGEME__
`,
  );
});

Deno.test("formatCompletion() gives bash options, words and files", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-complete-" });
  try {
    Deno.writeTextFileSync(`${folder}/notes.txt`, "");
    const complete = async (...words: string[]) => {
      const script = `${formatCompletion("bash", { program: "prog", table: TABLE })}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _prog; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const run = await new Deno.Command("bash", { args: ["-c", script, "bash", "prog", ...words], cwd: folder })
        .output();
      assert.equal(new TextDecoder().decode(run.stderr), "");
      return new TextDecoder().decode(run.stdout).trim().split("\n");
    };
    assert.deepEqual(await complete("--s"), ["--server-port"]);
    assert.deepEqual(await complete("-P", ""), ["udp", "tcp", "http"]);
    assert.deepEqual(await complete("-P", "h"), ["http"]);
    assert.deepEqual(await complete("--file", "no"), ["notes.txt"]);
    assert.deepEqual(await complete("-p", ""), [""]);
    assert.ok(!(await complete("--")).includes("--ghost"));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("formatCompletion() quotes descriptions for zsh and fish", () => {
  assert.match(
    formatCompletion("zsh", { program: "prog", table: TABLE }),
    /^ {2}'--color=-\[colour \\\[a\\:b\\\] of it\]::TEXT:'/m,
  );
  assert.match(formatCompletion("zsh", { program: "prog", table: TABLE }), /'-P\+\[protocol\]:NAME:\(udp tcp http\)'/);
  assert.match(
    formatCompletion("fish", { program: "prog", table: TABLE }),
    /^complete -c prog -s P -x -a 'udp tcp http' -d 'protocol'$/m,
  );
});
