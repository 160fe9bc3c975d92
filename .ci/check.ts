/**
 * All checks that read the code without running it: format, lint (with the import directions of `layers.ts`), types on
 * this Deno and, where it is installed, on the oldest supported one, the generated files, references, the
 * rules of `rules.ts`, and the examples of the library's documentation. It needs no rights and installs nothing.
 * Ends with Deno's own kind of closing line; exit status 1 when something failed.
 */

const ROOT = new URL("../", import.meta.url).pathname;
/** The oldest Deno that is supported; where `.ci/run` has put it, or where `OLDEST_DENO` points. */
const OLDEST = Deno.env.get("OLDEST_DENO") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/denort/2.6.10/pip/bin/deno`;
const CODE = ["cli", "daemon", "lib", "ffi", "tests", "bench", ".ci"];

interface Step {
  readonly name: string;
  readonly deno: string;
  readonly args: readonly string[];
}

const self = Deno.execPath();
const steps: readonly Step[] = [
  { name: "format", deno: self, args: ["fmt", "--check"] },
  { name: "lint and import directions", deno: self, args: ["lint"] },
  { name: "types", deno: self, args: ["check", "--quiet", "--frozen", ...CODE] },
  { name: "types on the oldest Deno", deno: OLDEST, args: ["check", "--quiet", "--frozen", ...CODE] },
  { name: "generated files are fresh", deno: self, args: ["run", "--frozen", "-A", ".ci/gen.ts", "--check"] },
  { name: "references lead somewhere", deno: self, args: ["run", "--frozen", "-A", ".ci/references.ts"] },
  { name: "rules", deno: self, args: ["run", "--frozen", "-A", ".ci/rules.ts"] },
  { name: "documentation examples", deno: self, args: ["test", "--doc", "--frozen", "lib/mod.ts"] },
];

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

let passed = 0, failed = 0, ignored = 0;
for (const { name, deno, args } of steps) {
  if (deno !== self && !await exists(deno)) {
    console.log(`skipped: ${name}: ${deno} is absent (OLDEST_DENO names another place)`);
    ignored++;
    continue;
  }
  const present = await Promise.all(args.map((arg) => CODE.includes(arg) ? exists(ROOT + arg) : true));
  const command = new Deno.Command(deno, {
    args: args.filter((_, index) => present[index]),
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "inherit",
    stderr: "inherit",
  });
  let result = await command.output();
  if (result.signal !== null) {
    // deno lint with a plugin has been seen to crash once in about a hundred runs: that says nothing about the code.
    console.log(`${name}: the tool crashed (${result.signal}), once more`);
    result = await command.output();
  }
  const { success } = result;
  console.log(`${success ? "passed" : "FAILED"}: ${name}`);
  if (success) passed++;
  else failed++;
}
console.log(`\n${failed === 0 ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed | ${ignored} ignored`);
Deno.exit(failed === 0 ? 0 : 1);
