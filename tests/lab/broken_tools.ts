/** Programs of the packet filters that a test can break: in the place of /usr/sbin, for one daemon and what it starts. */
import type { Lab } from "./lab.ts";
import { OUR_DAEMON, type ProgramUnderTest } from "./programs.ts";

/** The programs that the daemon runs. */
const TOOLS = ["nft", ...["", "-save", "-restore"].flatMap((tool) => [`iptables${tool}`, `ip6tables${tool}`])];

/** Each program does what stands in the file of its name in `do`, if there is one, and then what it is there for. */
const BREAKABLE = `
folder=$1; shift
mount --bind /usr/sbin "$folder/real"
mount --bind "$folder/sbin" /usr/sbin
exec "$@"`;

/** What a program does in place of its work: an exit status, an end by a signal, and none at all. */
export const FAILURES = {
  fails: "echo 'broken for a test' >&2; exit 1",
  "is killed": "kill -9 $$",
  hangs: "exec sleep 1000",
} as const;

/** The folder with the programs, and how to break them. */
export interface BreakableTools {
  /** The words in front of a command that is to see these programs. */
  readonly argv: readonly string[];
  /** Our daemon with these programs. */
  readonly daemon: ProgramUnderTest;
  /**
   * From now on, programs whose name matches do this first (shell): a way of {@link FAILURES}, or anything else, in which
   * `$real` are the words that run the real program.
   */
  break(script: string, which?: RegExp): void;
  /** They are not there, or may not be executed. */
  takeAway(how: "absent" | "not executable", which?: RegExp): void;
  /** They work again. */
  mend(): void;
}

/** Makes the folder. Nothing is broken yet. */
export function breakableTools(lab: Lab): BreakableTools {
  const folder = `${lab.dir}/tools`;
  for (const name of ["", "/real", "/sbin", "/do"]) Deno.mkdirSync(`${folder}${name}`);
  const write = () => {
    for (const tool of TOOLS) {
      const text = `#!/bin/sh
real="${folder}/real/${tool === "nft" ? tool : `xtables-nft-multi ${tool}`}"
[ ! -e ${folder}/do/${tool} ] || . ${folder}/do/${tool}
exec $real "$@"
`;
      Deno.writeTextFileSync(`${folder}/sbin/${tool}`, text);
      Deno.chmodSync(`${folder}/sbin/${tool}`, 0o755);
    }
  };
  write();
  const argv = ["unshare", "--mount", "sh", "-ec", BREAKABLE, "sh", folder];
  const matching = (which: RegExp) => TOOLS.filter((tool) => which.test(tool));
  return {
    argv,
    daemon: { ...OUR_DAEMON, argv: [...argv, ...OUR_DAEMON.argv] },
    break(script, which = /./) {
      for (const tool of matching(which)) {
        Deno.writeTextFileSync(`${folder}/do/${tool}`, `${script}\n`);
        // Another file than that of one that runs already, as after an upgrade.
        Deno.utimeSync(`${folder}/sbin/${tool}`, new Date(), new Date());
      }
    },
    takeAway(how, which = /./) {
      for (const tool of matching(which)) {
        if (how === "absent") Deno.removeSync(`${folder}/sbin/${tool}`);
        else Deno.chmodSync(`${folder}/sbin/${tool}`, 0o644);
      }
    },
    mend() {
      for (const tool of TOOLS) Deno.writeTextFileSync(`${folder}/do/${tool}`, "");
      write();
    },
  };
}
