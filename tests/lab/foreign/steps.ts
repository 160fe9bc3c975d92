/** Programs that change a server's packet filter, as data: what other people's software does to it. */
import type { Lab } from "../lab.ts";
import type { Program } from "../program.ts";

/** One program to run, and its standard input. */
export interface Step {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

/** A script for `nft`. */
export function nft(stdin: string): Step {
  return { argv: ["nft", "-f", "-"], stdin };
}

/** One command, its words separated by single spaces. */
export function command(text: string): Step {
  return { argv: text.split(" ") };
}

/** Rules for `iptables-restore` or one of its kin, beside those that are there. */
export function restore(lines: readonly string[], program = "iptables-restore"): Step {
  return { argv: [program, "--noflush"], stdin: lines.join("\n") + "\n" };
}

/** Runs them on the server, one after the other; one that fails is an error. */
export async function apply(lab: Lab, steps: readonly Step[]): Promise<void> {
  for (const { argv, stdin } of steps) await lab.must("server", argv, stdin === undefined ? {} : { stdin });
}

/** Whether the server has that table: `inet firewalld`. */
async function hasTable(lab: Lab, table: string): Promise<boolean> {
  return (await lab.must("server", ["nft", "list", "tables"])).split("\n").includes(`table ${table}`);
}

/**
 * Runs an nft script in a process that stays, so that tables with `flags owner` are its own for as long as it lives, and go
 * with it. Resolves when `table` is there.
 */
export async function applyAndStay(lab: Lab, script: string, table: string): Promise<Program> {
  const fifo = `${lab.dir}/nft-${crypto.randomUUID()}`;
  const stays = 'mkfifo "$1"; exec 3<>"$1"; cat >&3; exec nft -i <&3';
  const program = lab.spawn("server", ["sh", "-c", stays, "sh", fifo], { stdin: script });
  while (!await hasTable(lab, table)) {
    // Interactive nft says what it does not take, and goes on.
    if (program.ended !== null || program.output.includes("Error:")) {
      throw new Error(`nft does not hold ${table}:\n${program.output}`);
    }
  }
  return program;
}
