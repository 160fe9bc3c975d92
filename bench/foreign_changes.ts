/**
 * What changes a packet filter while a benchmark runs, in a process of its own inside the server's namespace: rules and
 * elements of a set come and go by turns, so many a second, until SIGTERM. Then it prints how many there were.
 */
import type { TableFamily } from "../ffi/nfnetlink/constants.ts";
import { type Nfnetlink, openNfnetlink } from "../ffi/nfnetlink/nfnetlink.ts";
import type { ChainName, RuleStep } from "../ffi/nfnetlink/ruleset.ts";
import type { Lab, Program } from "../tests/lab/mod.ts";

/** What is changed. */
export interface Changed {
  readonly family: TableFamily;
  readonly table: string;
  /** A chain of others. */
  readonly chain: string;
  /** A set of IPv4 addresses; null: rules only. */
  readonly set: string | null;
}

/** Starts it on the server. Resolves when it has begun. */
export async function startChanges(lab: Lab, changed: Changed, aSecond: number): Promise<Program> {
  const { family, table, chain, set } = changed;
  const args = [family, table, chain, set ?? "", `${aSecond}`];
  const own = new URL(import.meta.url).pathname;
  const program = lab.spawn("server", [Deno.execPath(), "run", "--no-check", "--no-lock", "-A", own, ...args]);
  await program.waitFor(/begun/);
  return program;
}

/** Ends it. Returns how many changes it made. */
export async function endChanges(program: Program): Promise<number> {
  await program.stop();
  const count = /^([0-9]+) changes$/.exec(program.lines.at(-1) ?? "")?.[1];
  if (count === undefined) throw new Error(`the changes ended early:\n${program.output}`);
  return Number(count);
}

const NFT_PAYLOAD_NETWORK = 1, SOURCE_OFFSET = 12;

/** `ip saddr ADDRESS drop`, as fail2ban and its like write it. */
function dropFrom(family: TableFamily, address: Uint8Array): RuleStep[] {
  const META_NFPROTO = 15, NFPROTO_IPV4 = 2;
  const isIpv4: RuleStep[] = family === "inet"
    ? [
      { kind: "meta", key: META_NFPROTO, to: 0 },
      { kind: "compare", from: 0, how: "eq", value: Uint8Array.of(NFPROTO_IPV4) },
    ]
    : [];
  return [
    ...isIpv4,
    { kind: "payload", base: NFT_PAYLOAD_NETWORK, offset: SOURCE_OFFSET, length: 4, to: 0 },
    { kind: "compare", from: 0, how: "eq", value: address },
    { kind: "verdict", verdict: { kind: "drop" } },
  ];
}

/** Changes without end, one at each call. */
function* changes(netlink: Nfnetlink, { family, table, chain, set }: Changed): Generator<void> {
  const must = (change: Parameters<Nfnetlink["transact"]>[0][number]) => {
    const outcome = netlink.transact([change], null);
    if (!outcome.ok) {
      throw new Error(JSON.stringify(outcome, (_, value) => typeof value === "bigint" ? `${value}` : value));
    }
    return outcome.handles.get(0);
  };
  const where: ChainName = { family, table, chain };
  for (let turn = 0;; turn++) {
    const address = Uint8Array.of(203, 0, 113, turn & 255);
    if (set !== null) yield void must({ family, table, set, verb: "add", key: address });
    const handle = must({ ...where, verb: "add rule", at: "tail", expressions: dropFrom(family, address) });
    yield;
    if (set !== null) yield void must({ family, table, set, verb: "delete", key: address });
    if (handle === undefined) throw new Error("the kernel did not tell the rule's handle");
    yield void must({ ...where, verb: "delete rule", handle });
  }
}

async function run([family, table, chain, set, aSecond]: readonly string[]): Promise<void> {
  using netlink = openNfnetlink();
  const changed = { family: family as TableFamily, table: table!, chain: chain!, set: set === "" ? null : set! };
  let count = 0;
  Deno.addSignalListener("SIGTERM", () => {
    console.log(`${count} changes`);
    Deno.exit(0);
  });
  console.log("begun");
  const begin = performance.now();
  for (const _ of changes(netlink, changed)) {
    count++;
    // Each at its time, however long the one before took; a timer is never early, so what is due within a millisecond is now.
    const wait = begin + count * 1000 / Number(aSecond) - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    else if (count % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

if (import.meta.main) await run(Deno.args);
