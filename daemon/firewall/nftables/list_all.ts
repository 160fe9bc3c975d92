/** The text of `--fw-list-all`: what the `nft` program says of the whole ruleset. Nothing is read out of it. */
import type { Run } from "../../../lib/host/run.ts";
import { FirewallError } from "../firewall.ts";
import { PROGRAM_FOLDERS } from "../program_folders.ts";

/** The program. */
export const NFT = "nft";

/** Throws `FirewallError` where the program is not there or fails. */
export async function listAll(run: Run): Promise<string> {
  for (const folder of PROGRAM_FOLDERS) {
    const program = `${folder}/${NFT}`;
    try {
      const { code, stdout, stderr, timedOut, truncated } = await run(program, ["list", "ruleset"]);
      if (code === 0 && !timedOut && !truncated) return stdout;
      const [said = ""] = stderr.split("\n");
      const why = timedOut ? "it did not end in time" : truncated ? "its answer is too long" : said || `status ${code}`;
      throw new FirewallError(`Cannot list the whole ruleset: ${program}: ${why}`, `run ${program} list ruleset`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      if (error instanceof FirewallError) throw error;
      throw new FirewallError(
        `Cannot run ${program}`,
        "start fwknopd with the permissions of packaging/permissions.json",
        { cause: error },
      );
    }
  }
  throw new FirewallError(
    "Cannot list the whole ruleset: the nft program is not there",
    "install the Debian package nftables; --fw-list shows what is open without it",
  );
}
