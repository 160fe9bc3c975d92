/** Who speaks nft's language for us: libnftables in this process, or the `nft` program where the library is missing. */
import { FfiError } from "../../../ffi/errors.ts";
import { type NftFormat, type NftReply, openNft } from "../../../ffi/nftables/nft.ts";
import { type Run, runProgram, type RunResult } from "../../../lib/host/run.ts";
import { FirewallError } from "../firewall.ts";
import { PROGRAM_FOLDERS } from "../program_folders.ts";
import { NFT } from "./list_all.ts";
import { parseRuleset, type Ruleset } from "./ruleset.ts";

/** Runs commands of nft(8). */
export interface NftRunner {
  readonly name: "libnftables" | "nft";
  /** One transaction. Throws `FirewallError` only where nft itself cannot be run. */
  run(commands: string, format?: NftFormat): Promise<NftReply>;
}

const TEXT: NftFormat = { json: false, terse: false };

/**
 * The library unless `prefer` says otherwise or it is missing, else the program. Throws `FirewallError` naming both
 * packages when neither is there.
 */
export async function openRunner(
  prefer: "libnftables" | "nft" = "libnftables",
  run: Run = runProgram,
): Promise<NftRunner> {
  let missing: FfiError | null = null;
  if (prefer === "libnftables") {
    try {
      openNft()[Symbol.dispose]();
      return libraryRunner();
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      missing = error;
    }
  }
  for (const folder of PROGRAM_FOLDERS) {
    const program = `${folder}/${NFT}`;
    if (await canRun(program)) return programRunner(program, run);
  }
  throw new FirewallError(
    `Cannot use nftables: neither libnftables nor the nft program is there${
      missing === null ? "" : `: ${missing.message}`
    }`,
    "install the Debian package libnftables1 or nftables, or set FIREWALL to iptables",
    { cause: missing },
  );
}

/** libnftables in this process. A context for each run: one that is kept would hold the whole ruleset in memory. */
export function libraryRunner(): NftRunner {
  return {
    name: "libnftables",
    run(commands, format = TEXT) {
      using nft = openNft();
      return Promise.resolve(nft.run(commands, format));
    },
  };
}

/** The `nft` program at that path. */
export function programRunner(program: string, run: Run = runProgram): NftRunner {
  return {
    name: "nft",
    async run(commands, { json, terse } = TEXT) {
      // With -j it would take its standard input for JSON.
      const args = json ? ["-j", ...(terse ? ["-t"] : []), commands] : ["-f", "-"];
      const result = await run(program, args, json ? {} : { stdin: commands });
      const failed = result.code !== 0 || result.timedOut || result.truncated;
      return {
        ok: !failed,
        output: result.stdout,
        error: failed ? result.stderr || failureOf(program, result) : "",
      };
    },
  };
}

function failureOf(program: string, { code, timedOut }: RunResult): string {
  return timedOut ? `${program} did not end in time and was stopped` : `${program} ended with status ${code}`;
}

async function canRun(program: string): Promise<boolean> {
  try {
    return (await runProgram(program, ["--version"])).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new FirewallError(
      `Cannot run ${program}`,
      "start fwknopd with the permissions of packaging/permissions.json",
      {
        cause: error,
      },
    );
  }
}

/** Lists the ruleset without the elements of its sets, which is what would take time. Throws `FirewallError`. */
export async function readRuleset(nft: NftRunner): Promise<Ruleset> {
  return parseRuleset(await mustRun(nft, "list ruleset", { json: true, terse: true }));
}

/** Runs commands that have no business failing. Throws `FirewallError` with what nft said. */
export async function mustRun(nft: NftRunner, commands: string, format?: NftFormat): Promise<string> {
  const reply = await nft.run(commands, format);
  if (reply.ok) return reply.output;
  throw nftFailure(reply);
}

/** What nft's complaint means for the operator. */
export function nftFailure(reply: NftReply): FirewallError {
  const complaint = reply.error.split("\n").find((line) => /error/i.test(line)) ?? reply.error.split("\n")[0] ?? "";
  const denied = /not permitted|must be root/i.test(reply.error);
  return new FirewallError(
    `Cannot change the ruleset: nft says: ${complaint.replace(/^[^ ]*:[0-9-]+:[0-9-]+: /, "").trim()}`,
    denied
      ? "run fwknopd as root or with the capability CAP_NET_ADMIN"
      : "see `nft list ruleset`; fwknopd needs to add chains and sets to the table of each chain that drops",
    { denied },
  );
}
