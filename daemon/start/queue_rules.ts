/**
 * The rules that hand packets to the netfilter queue of ENABLE_NFQ_CAPTURE: a chain of our own, and a jump to it, as the C
 * daemon makes them. They are removed by what they are; nothing of others is touched.
 */
import { type Run, runProgram } from "../../lib/host/run.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerConfig } from "../config/mod.ts";
import type { QueueSpec } from "../packet/spec.ts";
import type { Part } from "./rights.ts";
import { StartError } from "./start_error.ts";

/** Jumps to a chain of ours that an earlier run may have left; the C daemon makes one at each start. */
const MOST_JUMPS = 10;

/** Many times what a run takes: the daemon starts and ends by it. */
const TIMEOUT_MS = 3000;

/** Removing the rules at the end takes a program. */
export const QUEUE_RULES: Part = { needs: ["run"] };

/** Rules that are in force. */
export interface QueueRules {
  /** Takes them out again. What cannot be removed is said. */
  remove(): Promise<void>;
}

/**
 * Makes the rules of both IP versions, where packets are taken from a queue.
 *
 * @throws {StartError} where those of IPv4 cannot be made; those of IPv6 are missing on hosts without it, which is a warning
 */
export async function makeQueueRules(
  { capture: { queue: spec } }: { readonly capture: Pick<ServerConfig["capture"], "queue"> },
  log: Log,
  run: Run = runProgram,
): Promise<QueueRules | null> {
  if (spec === null) return null;
  const { program } = spec;
  const tools = new Set([program, six(program)]);
  const remove = async () => {
    for (const tool of tools) await removeFrom(tool, spec, run);
  };
  await remove();
  const problem = await addTo(program, spec, run);
  if (problem !== null) {
    await remove();
    const hint = "N switches the queue off: packets are then captured by libpcap";
    throw new StartError(`Cannot make the rules of ENABLE_NFQ_CAPTURE: ${problem}`, hint);
  }
  const other = tools.size > 1 ? await addTo(six(program), spec, run) : null;
  if (other !== null) log("warning", `Packets over IPv6 are not taken from the netfilter queue: ${other}`);
  return {
    async remove() {
      await remove();
      for (const tool of tools) {
        const isThere = await failureOf(tool, ["-w", "-t", spec.table, "-S", spec.chain], run) === null;
        if (isThere) {
          log("error", `Cannot remove chain ${spec.chain} of table ${spec.table}: ${tool} has kept it`);
        }
      }
    },
  };
}

/** The program of IPv6 beside that of IPv4. */
function six(program: string): string {
  return program.replace(/iptables([^/]*)$/, "ip6tables$1");
}

/** Why they could not be made; null: they are there. */
async function addTo(tool: string, spec: QueueSpec, run: Run): Promise<string | null> {
  const { chain, device, port, queue, table } = spec;
  const rule = ["-p", "udp", "-m", "udp", "--dport", String(port), "-j", "NFQUEUE", "--queue-num", String(queue)];
  const commands = [
    ["-N", chain],
    ["-A", chain, ...device === null ? [] : ["-i", device], ...rule],
    ["-I", "INPUT", "1", "-j", chain],
  ];
  for (const command of commands) {
    const problem = await failureOf(tool, ["-w", "-t", table, ...command], run);
    if (problem !== null) return problem;
  }
  return null;
}

async function failureOf(tool: string, args: readonly string[], run: Run): Promise<string | null> {
  try {
    const { code, stderr, timedOut } = await run(tool, args, { timeoutMs: TIMEOUT_MS });
    if (code === 0) return null;
    const [said = ""] = stderr.trim().split("\n");
    return `${tool} ${args.join(" ")}: ${timedOut ? "it did not end in time" : said || `exit status ${code}`}`;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotCapable)) throw error;
    return `${tool} cannot be run`;
  }
}

/** What an earlier run left, and what this one made. */
async function removeFrom(tool: string, { chain, table }: QueueSpec, run: Run): Promise<void> {
  const jump = ["-w", "-t", table, "-D", "INPUT", "-j", chain];
  for (let jumps = 0; jumps < MOST_JUMPS && await failureOf(tool, jump, run) === null; jumps++);
  for (const command of ["-F", "-X"]) await failureOf(tool, ["-w", "-t", table, command, chain], run);
}
