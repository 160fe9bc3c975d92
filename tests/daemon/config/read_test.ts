import assert from "node:assert/strict";
import { absolutePath, type NamedFile, readConfigFile } from "../../../daemon/config/read.ts";
import { fail, ok } from "../../../lib/result.ts";
import { formatProblem, type Problem } from "../../../lib/settings/setting.ts";

type Files = Parameters<typeof readConfigFile>[1];
type Read = ReturnType<Files["read"]>;

/** Reads `/start/x` where reading gives this; what comes back, and what was reported. */
function read(answer: Read, named: Partial<NamedFile> = {}, warned: readonly string[] = []) {
  const report = { problems: [] as Problem[], warnings: [...warned], notes: [] };
  const asked: string[] = [];
  const files: Files = {
    startDirectory: "/start",
    read(path) {
      asked.push(path);
      return answer;
    },
    list: missing,
  };
  const text = readConfigFile({ path: "x", what: "access file", origin: {}, ...named }, files, report);
  return { text, asked, problems: report.problems.map(formatProblem), warnings: report.warnings };
}

const missing = () => fail({ code: "missing" as const, message: "No such file or directory" });

Deno.test("absolutePath() starts where the daemon was started", () => {
  assert.equal(absolutePath("/etc/x", "/start"), "/etc/x");
  for (const path of ["x", "./x", "././x"]) assert.equal(absolutePath(path, "/start"), "/start/x");
  assert.equal(absolutePath("x", "/"), "/x");
  assert.equal(absolutePath("../x", "/start/"), "/start/../x");
});

Deno.test("readConfigFile() gives the text, and each warning once", () => {
  const got = read(ok({ text: "SOURCE ANY", warnings: ["a", "b"] }), {}, ["a"]);
  assert.deepEqual(got, { text: "SOURCE ANY", asked: ["/start/x"], problems: [], warnings: ["a", "b"] });
});

Deno.test("readConfigFile(): a file that is not there is one problem, and the remedy fits how it was named", () => {
  const hint = (named: Partial<NamedFile>) => read(missing(), named).problems.join("\n");
  assert.match(hint({}), /^Could not open access file: x: No such file or directory \(it was not found\)/);
  assert.match(hint({}), /name another with -a/);
  assert.match(hint({ what: "config file" }), /name another with -c/);
  assert.match(hint({ origin: { file: "/c", line: 3 } }), /\/c.*3[^]*name another in that line/);
  assert.match(hint({ path: '"x"' }), /without quotes/);
  assert.match(hint({ path: "x #y" }), /a comment|the comment/);
  assert.equal(read(missing()).text, null);
});

Deno.test("readConfigFile(): what may not be read names who may, what is no file is said in its own words", () => {
  const denied = fail({ code: "unreadable" as const, message: "Permission denied" }) as unknown as Read;
  assert.match(read(denied).problems.join(), /Permission denied[^]*run fwknopd as root/);
  const folder = fail({ code: "not-regular" as const, message: "is not a regular file" }) as Read;
  assert.match(read(folder).problems.join(), /^access file x is not a regular file$/);
});

Deno.test("readConfigFile(): a file with a NUL is no text, which is said once, with the line of the first", () => {
  const got = read(ok({ text: "SOURCE ANY\nKEY \0\0\n\0\n", warnings: [] }));
  assert.equal(got.text, null);
  assert.deepEqual(got.problems, [
    "/start/x:2: the line holds a NUL (name a text file; if it is one, save the file as UTF-8)",
  ]);
});

Deno.test("readConfigFile(): a folder is told what reads it", () => {
  const files: Files = {
    startDirectory: "/start",
    read: () => fail({ code: "not-regular", message: "is not a regular file or symbolic link." }),
    list: (folder) => folder === "/start/d" ? ok([]) : fail({ code: "missing", message: "Not a directory" }),
  };
  const said = (path: string, what: NamedFile["what"], origin: NamedFile["origin"]) => {
    const report = { problems: [] as Problem[], warnings: [], notes: [] };
    readConfigFile({ path, what, origin }, files, report);
    return report.problems.map(({ hint }) => hint)[0];
  };
  assert.match(said("d", "access file", { option: "-a" }) ?? "", /--access-folder$/);
  assert.match(said("d", "access file", { file: "/c", line: 1 }) ?? "", /%include_folder or ACCESS_FOLDER$/);
  assert.equal(said("d", "config file", {}), "name a file in it");
  assert.equal(said("fifo", "access file", {}), undefined);
});
