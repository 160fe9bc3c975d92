/** pfctl and ipfw as programs, for one daemon and what it starts: recorders in the place of /usr/sbin. */
import { ipfwState } from "../fakes/ipfw.ts";
import { pfState } from "../fakes/pfctl.ts";
import type { Lab } from "./lab.ts";
import { OUR_DAEMON, type ProgramUnderTest } from "./programs.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const BIND = 'folder=$1; shift; mount --bind "$folder/sbin" /usr/sbin; exec "$@"';

/** The program, what it keeps, and how it is broken. */
export interface RecordedTool<State> {
  /** Our daemon on a host that has it. */
  readonly daemon: ProgramUnderTest;
  /** What is in its kernel now. */
  read(): State;
  write(state: State): void;
  /** From now on it does this first (shell). Empty: nothing. */
  before(script: string): void;
  /** It waits until `goOn`. */
  hang(): void;
  goOn(): void;
}

/** A host with pf and this pf.conf. */
export function recordedPf(lab: Lab, conf: string) {
  return recorded(lab, "pfctl", pfState(conf));
}

/** A host with ipfw and these rules. */
export function recordedIpfw(lab: Lab, ...rules: readonly string[]) {
  return recorded(lab, "ipfw", ipfwState(...rules));
}

function recorded<State>(lab: Lab, name: "pfctl" | "ipfw", first: State): RecordedTool<State> {
  const folder = `${lab.dir}/${name}`;
  Deno.mkdirSync(`${folder}/sbin`, { recursive: true });
  const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/deno`;
  const deno = `${Deno.execPath()} run --quiet --no-check --cached-only --config=${ROOT}deno.json -A`;
  Deno.writeTextFileSync(
    `${folder}/sbin/${name}`,
    `#!/bin/sh
export DENO_DIR=${cache}
. ${folder}/before
while [ -e ${folder}/hang ]; do sleep 0.05; done
exec ${deno} ${ROOT}tests/fakes/${name}.ts ${folder}/state "$@"
`,
  );
  Deno.chmodSync(`${folder}/sbin/${name}`, 0o755);
  const tool: RecordedTool<State> = {
    daemon: { ...OUR_DAEMON, argv: ["unshare", "--mount", "sh", "-ec", BIND, "sh", folder, ...OUR_DAEMON.argv] },
    read: () => JSON.parse(Deno.readTextFileSync(`${folder}/state`)) as State,
    write: (state) => Deno.writeTextFileSync(`${folder}/state`, JSON.stringify(state)),
    before: (script) => Deno.writeTextFileSync(`${folder}/before`, `${script}\n`),
    hang: () => Deno.writeTextFileSync(`${folder}/hang`, ""),
    goOn: () => Deno.removeSync(`${folder}/hang`),
  };
  tool.write(first);
  tool.before("");
  return tool;
}
