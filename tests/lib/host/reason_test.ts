import assert from "node:assert/strict";
import { reasonOf } from "../../../lib/host/reason.ts";

/** What an attempt without any right, or with all, says. */
function failureOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return reasonOf(error);
  }
  return "nothing failed";
}

Deno.test("reasonOf() has the words of the system and none of the runtime's", () => {
  const folder = Deno.makeTempDirSync({ prefix: "fwknop-test-" });
  Deno.symlinkSync("loop", `${folder}/loop`);
  const table: [string, () => unknown][] = [
    ["No such file or directory", () => Deno.openSync("/nonexistent/file")],
    ["No such file or directory", () => new Deno.Command("/nonexistent/program").outputSync()],
    ["No such file or directory", () => new Deno.Command("no-such-program-anywhere").outputSync()],
    ["Permission denied", () => new Deno.Command("/etc/passwd").outputSync()],
    ["Is a directory", () => Deno.readTextFileSync(folder)],
    ["Not a directory", () => Deno.openSync("/etc/passwd/file")],
    ["File exists", () => Deno.openSync("/etc/passwd", { createNew: true, write: true })],
    ["Too many levels of symbolic links", () => Deno.openSync(`${folder}/loop`)],
    ["File name too long", () => Deno.openSync(`/tmp/${"x".repeat(300)}`)],
  ];
  for (const [expected, attempt] of table) assert.equal(failureOf(attempt), expected);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("reasonOf() says which right is missing, and not how Deno spells it", async () => {
  const code = `import { reasonOf } from "${new URL("../../../lib/host/reason.ts", import.meta.url).href}";
    const attempts = [
      () => Deno.openSync("/etc/passwd"),
      () => Deno.openSync("/tmp/x", { write: true }),
      () => new Deno.Command("/bin/true").outputSync(),
      () => fetch("http://127.0.0.1:8080/"),
      () => Deno.env.get("HOME"),
      () => Deno.dlopen("libc.so.6", {}),
      () => Deno.uid(),
      () => Deno.symlinkSync("/tmp/x", "/tmp/y"),
    ];
    for (const attempt of attempts) try { await attempt(); } catch (error) { console.log(reasonOf(error)); }`;
  const script = `data:application/typescript,${encodeURIComponent(code)}`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--quiet", "--allow-import", script],
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const rights = ["read it", "write it", "run it", "reach it over the network", "look at the environment"];
  assert.deepEqual(
    lines,
    [...rights, "load libraries of the system", "ask the system", "do that"].map((right) =>
      `this program was started without the right to ${right}`
    ),
  );
});

Deno.test("reasonOf() does not quote a name that is no UTF-8 text", () => {
  const of = (message: string) => reasonOf(new Deno.errors.InvalidData(message));
  const said = "its name or value holds bytes that are no UTF-8 text";
  assert.equal(of('File name or path "/tmp/sch\\xF6n" is not valid UTF-8'), said);
  assert.equal(of('environment variable was not valid unicode: "sch\\xF6n"'), said);
});
