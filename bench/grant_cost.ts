/**
 * What one grant costs, beside nothing and beside a set of 50,000 elements in the same table:
 *
 *     deno run -A bench/grant_cost.ts                              (root)
 *
 * Method. It starts itself in a network namespace of its own with a native ruleset that drops. Each grant is one that was
 * not open before, and is timed alone, in this process, from the call to its outcome: the whole backend; for comparison one
 * rule by iptables-restore in one process, and by iptables in the five processes that the C daemon starts for each rule. The
 * figure to look at is the last column: 1.0 means that the cost does not grow with the ruleset.
 */
import type { Access, Grant } from "../daemon/firewall/firewall.ts";
import { openNftables } from "../daemon/firewall/nftables/open.ts";
import { ipFromBytes } from "../lib/net/address.ts";
import { runProgram } from "../lib/host/run.ts";
import { inputChain } from "../tests/fakes/packet_filter.ts";
import { runOnServer } from "./lab.ts";
import { ownOptions } from "./options.ts";
import { nftablesGuard, type Quantiles, quantiles } from "../tests/lab/mod.ts";

const BLOCKED = 50_000;
const NFT = "/usr/sbin/nft";
const IPTABLES = "/usr/sbin/iptables";

/** One way to open a grant; `open` gets a number that no other call got. */
interface Road {
  readonly name: string;
  readonly rounds: number;
  open(turn: number): Promise<void>;
}

/** A grant of its own for each number. */
function grant(turn: number): Grant {
  const source = ipFromBytes(Uint8Array.of(172, 16 + (turn >> 16), turn >> 8, turn));
  const access: Access = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } };
  return { access, expiresAt: Math.floor(Date.now() / 1000) + 3600 };
}

/** The chain of the ruleset that the grants are opened in. */
const INPUT = inputChain({ table: "guard" });

function ourRoads(): readonly Road[] {
  const path = { chains: [INPUT], survey: () => Promise.resolve([INPUT]) };
  const options = { slots: ["input"] as const, chains: {}, flushAtInit: true, flushAtExit: true, log: () => {}, path };
  const firewall = openNftables(options);
  let prepared: Promise<unknown> | null = null;
  return [{
    name: "ours, nfnetlink",
    rounds: 2000,
    async open(turn) {
      await (prepared ??= firewall.prepare());
      const [outcome] = await firewall.grant([grant(turn)], [], Math.floor(Date.now() / 1000));
      if (!outcome?.ok) throw new Error(`ours: ${outcome?.reason}`);
    },
  }];
}

function iptablesRoads(): readonly Road[] {
  const rule = (turn: number) => {
    const { access, expiresAt } = grant(turn);
    const source = access.slot === "input" ? access.source.text : "";
    return [
      "-p",
      "6",
      "-s",
      source,
      "--dport",
      "22",
      "-m",
      "comment",
      "--comment",
      `_exp_${expiresAt}`,
      "-j",
      "ACCEPT",
    ];
  };
  return [
    {
      name: "one iptables-restore",
      rounds: 20,
      async open(turn) {
        const stdin = `*filter\n-A BENCH ${rule(turn).join(" ")}\nCOMMIT\n`;
        await runProgram(`${IPTABLES}-restore`, ["--noflush", "-w", "5"], { stdin });
      },
    },
    {
      name: "five iptables, like C",
      rounds: 20,
      async open(turn) {
        const table = ["-t", "filter"];
        const steps = [
          [...table, "-L", "BENCH", "-n"],
          [...table, "-N", "BENCH"],
          [...table, "-C", "INPUT", "-j", "BENCH"],
          [...table, "-C", "BENCH", ...rule(turn)],
          [...table, "-A", "BENCH", ...rule(turn)],
        ];
        for (const step of steps) await runProgram(IPTABLES, step);
      },
    },
  ];
}

/** Runs a program that must not fail. */
async function must(program: string, args: readonly string[], stdin?: string): Promise<void> {
  const result = await runProgram(program, args, stdin === undefined ? {} : { stdin });
  if (result.code !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${result.stderr}`);
}

/** Times of each road in milliseconds. The first tenth of the calls warms up. */
async function measure(blocked: number): Promise<Map<string, Quantiles>> {
  const addresses = Array.from({ length: blocked }, (_, i) => `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`);
  const set = blocked === 0
    ? ""
    : `table inet guard {\nset blocked {\ntype ipv4_addr\nelements = { ${addresses.join(", ")} }\n}\n}\n` +
      "insert rule inet guard input ip saddr @blocked drop\n";
  await must(NFT, ["-f", "-"], `flush ruleset\n${nftablesGuard()}${set}`);
  await must(IPTABLES, ["-N", "BENCH"]);
  await must(IPTABLES, ["-A", "INPUT", "-j", "BENCH"]);
  const results = new Map<string, Quantiles>();
  for (const { name, rounds, open } of [...ourRoads(), ...iptablesRoads()]) {
    const times: number[] = [];
    const warmUp = Math.ceil(rounds / 10);
    for (let turn = 0; turn < warmUp + rounds; turn++) {
      const start = performance.now();
      await open(turn);
      if (turn >= warmUp) times.push(performance.now() - start);
    }
    results.set(name, quantiles(times));
  }
  return results;
}

function microseconds(milliseconds: number): string {
  return `${(milliseconds * 1000).toFixed(0)} us`;
}

async function measureHere(): Promise<void> {
  const alone = await measure(0);
  const beside = await measure(BLOCKED);
  console.log(`one grant: median (p99), beside nothing and beside a set of ${BLOCKED} elements`);
  for (const [name, small] of alone) {
    const large = beside.get(name);
    if (large === undefined) continue;
    const columns = [small, large].map(({ median, p99 }) =>
      `${microseconds(median).padStart(12)} ${`(${microseconds(p99)})`.padEnd(14)}`
    );
    console.log(`${name.padEnd(22)}${columns.join("")} x ${(large.median / small.median).toFixed(2)}`);
  }
}

async function main(): Promise<void> {
  ownOptions({}, import.meta.url);
  await runOnServer(import.meta.url, [INSIDE]);
}

const INSIDE = "--inside";

if (import.meta.main) await (Deno.args[0] === INSIDE ? measureHere() : main());
