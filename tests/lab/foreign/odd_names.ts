/**
 * Makes a table that drops, with names that nft's own language cannot write: the program for it, to be run on the server.
 * The kernel takes any bytes but NUL, up to 255 of them.
 */
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";

const NF_INET_LOCAL_IN = 1;

/** The argument vector that makes `table inet TABLE` with the base chain CHAIN, which drops whatever comes in. */
export function oddNames(table: string, chain: string): readonly string[] {
  return [Deno.execPath(), "run", "--no-lock", "--no-check", "-A", new URL(import.meta.url).pathname, table, chain];
}

function makeDroppingChain(table: string, chain: string): void {
  using netlink = openNfnetlink();
  const name = { family: "inet", table } as const;
  const outcome = netlink.transact([
    { ...name, verb: "add table" },
    { ...name, verb: "add chain", chain, base: { type: "filter", hook: NF_INET_LOCAL_IN, priority: 0 } },
    { ...name, verb: "add rule", chain, at: "tail", expressions: [{ kind: "verdict", verdict: { kind: "drop" } }] },
  ], null);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
}

if (import.meta.main) makeDroppingChain(Deno.args[0]!, Deno.args[1]!);
