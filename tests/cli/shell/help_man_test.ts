/** The man pages: whole, readable by both formatters, and with examples that work when they are pasted. */
import assert from "node:assert/strict";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import type { Setting } from "../../../lib/settings/setting.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../../../cli/options/table.ts";
import { parseArguments } from "../../../lib/settings/argv.ts";
import { splitWords } from "../../../cli/ui/shell_words.ts";
import { runOwn, temporaryFolder } from "../harness.ts";
import { testWith } from "../../lab/gate.ts";

const MAN = new URL("../../../docs/man/", import.meta.url).pathname;

/** The text of a page as somebody reads it; `warnings` is what the formatter complains about. */
async function render(page: string, argv: readonly [string, ...string[]]) {
  const [program, ...args] = argv;
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [...args, `${MAN}${page}`],
    env: { MANWIDTH: "200", LC_ALL: "C.UTF-8", MANOPT: "--no-hyphenation --no-justification" },
  }).output();
  const decoder = new TextDecoder();
  // deno-lint-ignore no-control-regex -- overstriking of bold letters
  return { text: decoder.decode(stdout).replace(/.\x08/g, ""), warnings: decoder.decode(stderr) };
}

testWith({ man: "man-db" }, "fwknop(8) has every option in every spelling, with its range and default", async () => {
  const page = await render("fwknop.8", ["man", "--warnings", "-l"]);
  assert.equal(page.warnings, "");
  for (const key of Object.keys(CLIENT_SETTINGS) as ClientKey[]) {
    const { option, kind, fallback } = settingOf(key);
    if (option === undefined) continue;
    for (const name of [...option.long ?? [], ...option.exact ?? []]) {
      assert.match(page.text, new RegExp(`^ +(?:-., )?--${name}(?:[=\\[ ].*)?$`, "m"), name);
    }
    if (option.argument !== "required") continue;
    if (/^a number|^one of/.test(kind.expects)) assert.ok(page.text.includes(`Value: ${kind.expects}.`), key);
    if (fallback !== undefined) assert.ok(page.text.includes(`Default: ${kind.format(fallback)}.`), key);
  }
  for (const heading of ["EXAMPLES", "EXIT STATUS", "FILES", "ENVIRONMENT", "SEE ALSO"]) {
    assert.match(page.text, new RegExp(`^${heading}$`, "m"));
  }
});

testWith({ man: "man-db" }, "fwknoprc(5) has every directive, with its default", async () => {
  const page = await render("fwknoprc.5", ["man", "--warnings", "-l"]);
  assert.equal(page.warnings, "");
  for (const key of Object.keys(CLIENT_SETTINGS) as ClientKey[]) {
    const { directive = [], kind, fallback } = settingOf(key);
    for (const name of directive) assert.match(page.text, new RegExp(`^ +${name} \\S`, "m"), name);
    if (directive.length > 0 && fallback !== undefined) {
      assert.ok(page.text.includes(`Default: ${kind.format(fallback)}.`), key);
    }
  }
});

const FILE_PAGES = { "fwknopd.conf.5": SERVER_SETTINGS, "fwknop-access.conf.5": ACCESS_SETTINGS } as const;

testWith(
  { man: "man-db" },
  "fwknopd.conf(5) and fwknop-access.conf(5) have every variable, with its default",
  async () => {
    for (const [name, table] of Object.entries(FILE_PAGES)) {
      const page = await render(name, ["man", "--warnings", "-l"]);
      assert.equal(page.warnings, "");
      const running = page.text.replaceAll(/\s+/g, " ");
      for (const { directive = [], kind, fallback } of Object.values(table) as readonly Setting[]) {
        for (const variable of directive) assert.match(page.text, new RegExp(`^ +${variable} \\S`, "m"), variable);
        const value = fallback === undefined ? "" : kind.format(fallback);
        if (directive.length > 0 && value !== "") assert.ok(running.includes(`Default: ${value}.`), directive[0]);
      }
    }
  },
);

testWith(
  { mandoc: "mandoc" },
  "mandoc has nothing against the pages but the date that they do not carry",
  async () => {
    for (const page of ["fwknop.8", "fwknoprc.5", "fwknopd.8", "fwknopd.conf.5", "fwknop-access.conf.5"]) {
      const linted = await render(page, ["mandoc", "-Tlint"]);
      const lines = (linted.text + linted.warnings).trim().split("\n");
      assert.deepEqual(lines.filter((line) => !/missing date/.test(line)), []);
    }
  },
);

/** The command lines of the section EXAMPLES. */
function examples(): readonly string[] {
  const source = Deno.readTextFileSync(`${MAN}fwknop.8`);
  const section = source.slice(source.indexOf(".SH EXAMPLES"), source.indexOf(".SH OPTIONS"));
  return [...section.matchAll(/^fwknop .*$/gm)].map(([line]) => line.replaceAll("\\-", "-").replaceAll("\\e", "\\"));
}

Deno.test("the examples of fwknop(8) are understood, and those that need no network work one after the other", async () => {
  using home = temporaryFolder();
  const lines = examples();
  assert.ok(lines.length >= 8, lines.join("\n"));
  const run = (line: string) =>
    runOwn((splitWords(line.replace(/ >>? .*/, "")) ?? []).slice(1), {
      env: { HOME: home.path, LOGNAME: "ann" },
      secrets: ["encryption key 1", "authentication key 2"],
    });
  for (const line of lines) {
    const words = (splitWords(line.replace(/ >>? .*/, "")) ?? []).slice(1);
    assert.deepEqual(parseArguments(CLIENT_SETTINGS, words, { ignoreCase: true }).problems, [], line);
  }
  const [first = ""] = lines;
  assert.match(first, /--key-gen --save-rc-stanza -n gate /);
  assert.equal((await run(first)).code, 0);
  const explained = await run("fwknop -n gate --explain");
  assert.equal(explained.code, 0, explained.err);
  for (const wanted of [/--ssh-config gate/, /-a 198\.51\.100\.7/]) {
    const line = lines.find((one) => wanted.test(one)) ?? "";
    const result = await run(line);
    assert.equal(result.code, 0, line + result.err);
  }
});
