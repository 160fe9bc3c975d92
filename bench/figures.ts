/**
 * Every figure that the daemon and the client are held to, C and ours in the same run, one after the other on a machine that
 * should have nothing else to do:
 *
 *     deno run -A bench/figures.ts [--only=WORD,...] [--quick] [--list]        (root)
 *
 * It says what machine that is, runs the other benchmarks as they stand here, and says before each how busy the machine is;
 * their heads tell how they measure. The daemon is the one from source, or where `FWKNOPD` points: a built one is what users
 * have. Some 20 minutes; `--quick` takes less of everything, for whoever wants to see whether it runs. `--list` says what
 * would be run.
 */
import { needLabAndC } from "./lab.ts";
import { ownOptions } from "./options.ts";

/** A benchmark with its arguments, and those of a quick run. */
interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly quick: readonly string[];
}

const STEPS: readonly Step[] = [
  {
    name: "load",
    args: ["--sizes=1,1000,5000"],
    quick: ["--sizes=1,1000", "--junk=2000", "--knocks=300", "--c=5"],
  },
  { name: "sieve", args: [], quick: ["--packets=50"] },
  { name: "knock_to_open", args: ["--ours=120", "--c=10"], quick: ["--ours=10", "--c=2"] },
  { name: "cold_knock", args: ["--starts=5", "--rest=30", "--c=2"], quick: ["--starts=1", "--rest=2", "--c=1"] },
  { name: "memory", args: ["--sizes=1,1000"], quick: ["--sizes=1", "--seconds=2"] },
  {
    name: "floods",
    args: ["--c-rates=0,20000", "--limit=8", "--tries=8"],
    quick: ["--quick", "--sizes=1", "--limit=2"],
  },
  { name: "open_grants", args: ["--ours=100", "--c=5"], quick: ["--grants=1000", "--rules=50", "--ours=5", "--c=2"] },
  { name: "replay_start", args: ["--rounds=2"], quick: ["--entries=10000", "--rounds=1"] },
  { name: "start_up", args: ["--rounds=20"], quick: ["--rounds=3"] },
];

const OPTIONS = ownOptions({ only: "WORD,...", quick: null, list: null }, import.meta.url);
const only = OPTIONS.value("only")?.split(",") ?? null;
const steps = STEPS.filter(({ name }) => only === null || only.some((word) => name.includes(word)));
const argsOf = ({ name, args, quick }: Step) => [
  ...["run", "--frozen", "-A", new URL(`${name}.ts`, import.meta.url).pathname],
  ...(OPTIONS.has("quick") ? quick : args),
];

const text = (path: string) => Deno.readTextFileSync(path);
const today = () => new Date().toISOString().slice(0, 16).replace("T", " ");

function machine(): string {
  const cpuinfo = text("/proc/cpuinfo");
  const model = /^model name\s*: (.*)$/m.exec(cpuinfo)?.[1] ?? "a processor that does not say its name";
  const count = cpuinfo.match(/^processor\s*:/gm)?.length ?? 0;
  const daemon = Deno.env.get("FWKNOPD") ?? "from source";
  return `${today()}, ${count} x ${model}, Linux ${text("/proc/sys/kernel/osrelease").trim()}, ` +
    `Deno ${Deno.version.deno}; daemon: ${daemon}`;
}

if (OPTIONS.has("list")) {
  for (const step of steps) console.log(["deno", ...argsOf(step)].join(" "));
  Deno.exit(0);
}
needLabAndC();
console.log(machine());
const failed: string[] = [];
for (const step of steps) {
  const load = text("/proc/loadavg").split(" ").slice(0, 1).join();
  console.log(`\n== ${step.name} (load of the last minute: ${load})`);
  const { code } = await new Deno.Command(Deno.execPath(), { args: argsOf(step) }).spawn().status;
  if (code !== 0) failed.push(step.name);
}
if (failed.length > 0) console.error(`bench: failed: ${failed.join(", ")}`);
Deno.exit(failed.length > 0 ? 1 : 0);
