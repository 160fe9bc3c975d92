/**
 * Builds `build/fwknop` and `build/fwknopd`: each program is bundled and then compiled with the permissions of
 * `packaging/permissions.json`. Where the base runtime of `deno compile` cannot be had, the same two paths become
 * self-contained scripts that need `deno` on PATH, and the output says so. With `--scripts` only those are built.
 *
 *     deno run -A .ci/build.ts [--scripts] [--out=DIR]
 */
import { bundleSplit, bundleWhole } from "./bundle.ts";
import { explainFailure } from "./compile_failure.ts";
import { permissionFlags, type ProgramName } from "./permissions.ts";
import { compileFlags } from "./runtime_flags.ts";
import { scriptHeader } from "./script_header.ts";
import { type Failure, runTool } from "./tool.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const PROGRAMS: readonly ProgramName[] = ["fwknop", "fwknopd"];

/** Compiles a bundle away from the project, so that nothing of it is embedded twice. */
async function compile(program: ProgramName, work: string, target: string): Promise<Failure> {
  const folder = `${work}/${program}`;
  await Deno.mkdir(folder);
  const bundled = await bundleSplit(program, folder);
  // Renamed into place: what is there may be running, or may be a script that deno compile would not overwrite.
  const fresh = `${target}.new`;
  const failure = await runTool(
    Deno.execPath(),
    ["compile", ...compileFlags(program), ...permissionFlags(program), "--output", fresh, bundled],
    folder,
  );
  if (failure !== null) return failure;
  // A base runtime of another version is taken without a word, and then nothing starts.
  const broken = await runTool(fresh, ["--help"], folder);
  if (broken !== null) {
    await Deno.remove(fresh);
    return `the compiled program does not start: ${broken}`;
  }
  await Deno.rename(fresh, target);
  return null;
}

async function writeScript(program: ProgramName, work: string, target: string): Promise<void> {
  const bundled = `${work}/${program}.js`;
  await bundleWhole(program, bundled);
  const code = await Deno.readTextFile(bundled);
  const fresh = `${target}.new`;
  await Deno.writeTextFile(fresh, scriptHeader(program) + code.replace(/^#!.*\n/, ""));
  await Deno.chmod(fresh, 0o755);
  await Deno.rename(fresh, target);
}

async function build(out: string, scriptsOnly: boolean): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "fwknop-build-" });
  try {
    const facts = { version: Deno.version.deno, denort: Deno.env.get("DENORT_BIN") };
    const target = (program: ProgramName) => `${out}/${program}`;
    let failure: Failure = scriptsOnly ? "asked for scripts" : null;
    for (const program of PROGRAMS) {
      console.log(`building ${target(program)}`);
      if (failure === null) {
        failure = await compile(program, work, target(program));
        if (failure !== null) console.log(explainFailure(failure, facts));
      }
      if (failure !== null) await writeScript(program, work, target(program));
      const { size } = await Deno.stat(target(program));
      const kind = failure === null ? "compiled program" : "script, runs with the deno on PATH";
      console.log(`${target(program)}: ${kind}, ${(size / 1e6).toFixed(1)} MB`);
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

const out = Deno.args.find((arg) => arg.startsWith("--out="))?.slice("--out=".length) ?? `${ROOT}build`;
await build(out, Deno.args.includes("--scripts"));
