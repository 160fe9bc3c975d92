/** Each test stands where the part of `make test` that it belongs to finds it (CONTRIBUTING.md, "Tests"). */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The test files of a folder, with paths from the root of the repository. */
function testsOf(folder: string): string[] {
  return [...Deno.readDirSync(ROOT + folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? testsOf(path) : name.endsWith("_test.ts") ? [path] : [];
  });
}

/** Why a test file may not stand where it does. */
function misplaced(path: string, source: string): string[] {
  const root = /^tests\/(e2e|lab)\/|_root_test\.ts$/.test(path);
  if (path.startsWith("tests/interop/")) return [];
  return [
    ...(/\b(cClientTest|cClientBlocker|C_PROGRAMS|runC)\b/.test(source) ? [`${path} runs a C program`] : []),
    ...(!root && /\b(labTest|sendTest|makeLab)\b/.test(source) ? [`${path} needs root`] : []),
  ];
}

Deno.test("what needs root, and what runs a C program, stands in its part of make test", () => {
  const tests = testsOf("tests");
  assert.ok(tests.length > 150, `${tests.length}`);
  const found = tests.filter((path) => !path.startsWith("tests/ci/")).flatMap((path) =>
    misplaced(path, Deno.readTextFileSync(ROOT + path))
  );
  assert.deepEqual(found, []);
});

Deno.test("misplaced() notices a test in the wrong part", () => {
  assert.deepEqual(misplaced("tests/lib/a_test.ts", 'labTest("x")'), ["tests/lib/a_test.ts needs root"]);
  assert.deepEqual(misplaced("tests/e2e/a_test.ts", "{ needs: C_PROGRAMS }"), ["tests/e2e/a_test.ts runs a C program"]);
  assert.deepEqual(misplaced("tests/lib/a_root_test.ts", 'labTest("x")'), []);
  assert.deepEqual(misplaced("tests/interop/a_test.ts", "runC([])"), []);
});

Deno.test("the parts of make test leave no file out, and none is in two", () => {
  const commands = new TextDecoder().decode(
    new Deno.Command("make", {
      args: ["-n", "-C", ROOT, "test-unit", "test-root", "test-interop"],
      env: { DENO: "deno" },
      clearEnv: false,
    }).outputSync().stdout,
  );
  const lines = commands.split("\n").filter((line) => line.startsWith("deno test "));
  assert.equal(lines.length, 3, commands);
  const [unit = "", root = "", interop = ""] = lines.map((line) => line.replaceAll("'", ""));
  const ignored = /--ignore=(\S+)/.exec(unit)?.[1]?.split(",") ?? [];
  const others = [root, interop].flatMap((line) => line.split(" ").filter((word) => word.startsWith("tests/")));
  assert.deepEqual(ignored.toSorted(), others.toSorted());
});
