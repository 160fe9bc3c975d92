/** What benchmarks need of the machine: network namespaces of their own, and mostly the C daemon to compare with. */
import { C_DAEMON, isInstalled, labBlocker, makeLab } from "../tests/lab/mod.ts";

/** Ends the benchmark before it begins, and says why, where there can be no lab. */
export function needLab(): void {
  endWhere(labBlocker());
}

/** The same, and where the C daemon is not installed. */
export function needLabAndC(): void {
  needLab();
  endWhere(isInstalled(C_DAEMON.argv[0]!) ? null : "fwknopd is absent (apt-get install fwknop-server)");
}

function endWhere(blocker: string | null): void {
  if (blocker === null) return;
  console.error(`bench: ${blocker}`);
  Deno.exit(1);
}

/** Runs the benchmark of that file with these arguments on the server of a lab, and prints what it says. */
export async function runOnServer(file: string, args: readonly string[]): Promise<void> {
  needLab();
  await using lab = await makeLab({ guard: "none", extra: [] });
  console.log((await lab.must("server", [Deno.execPath(), "run", "-A", new URL(file).pathname, ...args])).trimEnd());
}
