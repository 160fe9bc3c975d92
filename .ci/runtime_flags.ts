/**
 * How a program is run, besides its permissions: what `build.ts` puts into it, what the bench times, and all of them for
 * `deno task` and the tests, which run it from source:
 *
 *     deno run --allow-read .ci/runtime_flags.ts fwknopd
 */
import { permissionFlags, type ProgramName } from "./permissions.ts";

const COMMON = ["--quiet", "--ext=js", "--no-config", "--no-lock", "--no-remote"] as const;

/**
 * A knock is over before compiling to machine code pays, and the compiler's thread can hold it up by 3 ms. Code that runs
 * long (a relay) is still optimised. For the daemon the start does not matter.
 */
const NO_BASELINE_COMPILER = "--no-sparkplug";

/**
 * The client's script is compiled whole at its first run, and later runs find all of that in Deno's code cache: 1.5 ms less
 * at every start. A compiled program has no such cache (see `build.ts`).
 */
const COMPILE_WHOLE = "--no-lazy";

/** Megabytes for young objects from the start: with V8's half a one a knock has to wait for a collection, 1.5 to 4 ms. */
const ROOM_FOR_A_KNOCK = "--min-semi-space-size=4";

/**
 * Megabytes for young objects of the daemon at most. V8 would take 16 in time, although what a packet leaves behind is small:
 * 20 MB less memory, and knocks open as fast.
 */
const LITTLE_ROOM = "--max-semi-space-size=1";

/**
 * V8 collects old garbage when there is half of what is in use, and not three times of it: most of that is left by the start,
 * which would take 30 MB more with 1,000 stanzas. `--optimize-for-size`, which allows a tenth, costs knocks twice the CPU.
 */
const LITTLE_GARBAGE = "--heap-growing-percent=50";

/** The daemon collects garbage itself at the end of its start (`daemon/start/spare_memory.ts`), before anybody knocks. */
const COLLECTS_ITSELF = "--expose-gc";

const OF_DAEMON = `--v8-flags=${LITTLE_ROOM},${LITTLE_GARBAGE},${COLLECTS_ITSELF}`;

/** No code that somebody kept compiled under another user's home is believed by a daemon of root. */
const NO_CODE_CACHE = "--no-code-cache";

const OF_SCRIPT: Readonly<Record<ProgramName, readonly string[]>> = {
  fwknop: [`--v8-flags=${COMPILE_WHOLE},${NO_BASELINE_COMPILER},${ROOM_FOR_A_KNOCK}`],
  fwknopd: [NO_CODE_CACHE, OF_DAEMON],
};

const OF_COMPILED: Readonly<Record<ProgramName, readonly string[]>> = {
  fwknop: [`--v8-flags=${NO_BASELINE_COMPILER},${ROOM_FOR_A_KNOCK}`],
  fwknopd: [OF_DAEMON],
};

/** Flags of `deno run` for a bundled script. */
export function scriptFlags(program: ProgramName): readonly string[] {
  return [...COMMON, ...OF_SCRIPT[program]];
}

/**
 * Flags of `deno compile`. No code cache: it would be read from a fixed name in /tmp, where another user could put his own
 * before root looks.
 */
export function compileFlags(program: ProgramName): readonly string[] {
  return ["--no-config", "--no-lock", "--no-check", "--no-remote", NO_CODE_CACHE, ...OF_COMPILED[program]];
}

/** All flags of `deno run` for a program from source, permissions too. What the daemon's memory and pace depend on is as built. */
export function sourceFlags(program: ProgramName): readonly string[] {
  return [...program === "fwknopd" ? [OF_DAEMON] : [], ...permissionFlags(program)];
}

if (import.meta.main) {
  const [program] = Deno.args;
  if (program !== "fwknop" && program !== "fwknopd") throw new Error("usage: runtime_flags.ts fwknop|fwknopd");
  console.log(sourceFlags(program).join(" "));
}
