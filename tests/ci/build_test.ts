import assert from "node:assert/strict";
import { explainFailure } from "../../.ci/compile_failure.ts";
import { temporaryFolder } from "../cli/harness.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NO_DOWNLOAD = `Compile road/main.js to file:///x/build/fwknop.new
Download https://releases.example/denort-x86_64-unknown-linux-gnu.zip
error: Writing deno compile executable to temporary file '/x/build/fwknop.new.tmp'

Caused by:
    0: Setting up base binary.
    1: error sending request
    2: dns error: failed to lookup address information: Name or service not known`;

Deno.test("explainFailure() shows all that deno compile said, to the last cause", () => {
  const shown = explainFailure(NO_DOWNLOAD, { version: "2.9.6", denort: undefined });
  for (const line of NO_DOWNLOAD.split("\n")) assert.ok(shown.includes(`    ${line}`.trimEnd()), line);
  assert.match(shown, /denort of exactly Deno 2\.9\.6 .*\bmake build DENORT_BIN=/s);
});

Deno.test("explainFailure() speaks of the base runtime only where that is the reason", () => {
  const own = { version: "2.9.6", denort: "/opt/denort" };
  const given = explainFailure("the compiled program does not start: exit status 1", own);
  assert.match(given, /DENORT_BIN is "\/opt\/denort"; it must be .* exactly Deno 2\.9\.6/);
  const other = explainFailure("error: No space left on device (os error 28)", { ...own, denort: undefined });
  assert.match(other, / {4}error: No space left on device/);
  assert.ok(!/DENORT_BIN|denort/.test(other), other);
});

Deno.test("make build without a base runtime says the reason whole, and makes scripts that run", async () => {
  using folder = temporaryFolder();
  const build = ["run", "--frozen", "--cached-only", "-A", `${ROOT}.ci/build.ts`, `--out=${folder.path}/build`];
  const run = async (program: string, args: readonly string[]) => {
    const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;
    const env = { DENORT_BIN: `${folder.path}/no denort`, PATH: path };
    const { code, stdout } = await new Deno.Command(program, { args: [...args], env, stderr: "null" }).output();
    assert.equal(code, 0);
    return new TextDecoder().decode(stdout);
  };
  const said = await run(Deno.execPath(), build);
  assert.match(said, /\n {4}error: .*\n\n {4}Caused by:\n(.*\n)* {8}1: No such file or directory/);
  assert.ok(said.includes(`DENORT_BIN is "${folder.path}/no denort"`), said);
  assert.ok(!said.includes("Stack backtrace"), said);
  assert.match(await run(`${folder.path}/build/fwknop`, ["--no-rc-file", "--version"]), /^fwknop client/);
});
