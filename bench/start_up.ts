/**
 * Whole-process time of one knock (stanza, keys, UDP) beside an empty program of the same runtime and rights and beside the
 * C client, in one run: as a bundled script, and compiled where `deno compile` has its base runtime (`DENORT_BIN`).
 *
 *     deno run -A bench/start_up.ts [--rounds=40] [--beside=DIR]
 *
 * `--beside` names another checkout of this project, such as the version before: its client is timed in the same rounds.
 */
import { bundleSplit, bundleWhole } from "../.ci/bundle.ts";
import { permissionFlags } from "../.ci/permissions.ts";
import { compileFlags, scriptFlags } from "../.ci/runtime_flags.ts";
import { ownOptions } from "./options.ts";

const OPTIONS = ownOptions({ rounds: "N", beside: "DIR" }, import.meta.url);
const ROUNDS = Number(OPTIONS.value("rounds") ?? 40);
const ROOT = new URL("../", import.meta.url).pathname;
const OTHER = OPTIONS.value("beside");

/** Whose client is timed. */
const CHECKOUTS = [{ name: "fwknop", root: ROOT }, ...(OTHER === null ? [] : [{ name: "beside", root: OTHER }])];

/** One program that is timed. */
interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly times: number[];
}

const STANZA = `[default]
[gw]
SPA_SERVER          127.0.0.1
ACCESS              tcp/22
ALLOW_IP            192.0.2.10
KEY_BASE64          UmlqbmRhZWwtdGVzdC1rZXktMDEyMzQ1Njc4OWFiY2Q=
HMAC_KEY_BASE64     SE1BQy10ZXN0LWtleS1mb3ItZndrbm9wLXZlY3RvcnMtMDEyMzQ1Njc4OUFCQ0RFRg==
USE_HMAC            Y
`;

async function run(command: readonly [string, ...string[]], env: Record<string, string> = {}): Promise<number> {
  const [program, ...args] = command;
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(program, { args, env, stdin: "null", stdout: "null" }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return performance.now() - start;
}

/** The contenders that can be had on this machine. */
async function contenders(folder: string): Promise<Contender[]> {
  const knock = ["--rc-file", `${folder}/rc`, "-n", "gw"];
  Deno.writeTextFileSync(`${folder}/rc`, STANZA, { mode: 0o600 });
  Deno.writeTextFileSync(`${folder}/empty.js`, "");
  const deno = Deno.execPath();
  const asScript = [deno, "run", ...scriptFlags("fwknop"), ...permissionFlags("fwknop")] as const;
  const list: Contender[] = [{ name: "empty script", command: [...asScript, `${folder}/empty.js`], times: [] }];
  const mains = new Map([["empty", `${folder}/empty.js`]]);
  for (const { name, root } of CHECKOUTS) {
    const script = `${folder}/${name}.js`;
    const pieces = `${folder}/${name}`;
    await bundleWhole("fwknop", script, root);
    Deno.mkdirSync(pieces);
    mains.set(name, await bundleSplit("fwknop", pieces, root));
    list.push({ name: `${name}, script`, command: [...asScript, script, ...knock], times: [] });
  }
  for (const [name, main] of mains) {
    const output = `${folder}/${name}-compiled`;
    const flags = [...compileFlags("fwknop"), ...permissionFlags("fwknop")];
    const compile = [deno, "compile", "--quiet", ...flags, "--output", output, main] as const;
    const command = [output, ...(name === "empty" ? [] : knock)] as const;
    // A base runtime of another version is taken without a word, and then nothing starts.
    const failure = await run(compile).then(() => run(command, { HOME: folder })).then(
      () => null,
      (error: Error) => error,
    );
    if (failure !== null) console.log(`skipped: ${name}, compiled: no base runtime of this Deno (DENORT_BIN)`);
    else list.push({ name: `${name}, compiled`, command, times: [] });
  }
  if (await Deno.stat("/usr/bin/fwknop").then(() => true, () => false)) {
    list.push({ name: "C fwknop", command: ["/usr/bin/fwknop", ...knock], times: [] });
  }
  return list;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

const folder = Deno.makeTempDirSync({ prefix: "fwknop-start-" });
try {
  const list = await contenders(folder);
  // Round by round, there and back, so that what else the machine does and what ran before hits all alike.
  for (let round = -3; round < ROUNDS; round++) {
    for (const { command, times } of round % 2 === 0 ? list : list.toReversed()) {
      const time = await run(command, { HOME: folder, DENO_DIR: `${folder}/cache` });
      if (round >= 0) times.push(time);
    }
  }
  const median = (name: string) => quantile(list.find((one) => one.name === name)?.times ?? [], 0.5);
  console.log(`${ROUNDS} rounds; milliseconds    median     p95`);
  for (const { name, times } of list) {
    console.log(
      `${name.padEnd(22)} ${quantile(times, 0.5).toFixed(1).padStart(8)} ${
        quantile(times, 0.95).toFixed(1).padStart(7)
      }`,
    );
  }
  for (const { name } of CHECKOUTS) {
    for (const form of ["script", "compiled"]) {
      const above = median(`${name}, ${form}`) - median(form === "script" ? "empty script" : "empty, compiled");
      if (!Number.isNaN(above)) console.log(`${name} above the empty program: ${above.toFixed(1)} ms, ${form}`);
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
