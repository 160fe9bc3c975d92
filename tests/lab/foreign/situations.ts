/**
 * What a server's packet filter may hold beside the daemon, as rows: what loads it into an empty one, and what a knocker's
 * packet for port 22 meets then with a grant of its own open. Real packets tell whether a row is right.
 */
import { ADDRESSES, OUTER } from "../network.ts";
import type { Lab } from "../lab.ts";
import type { Program } from "../program.ts";
import { iptablesGuard, nftablesGuard } from "../rulesets.ts";
import { oddNames } from "./odd_names.ts";
import { firewalld } from "./firewalld.ts";
import { docker, fail2banIptables, fail2banNftables } from "./software.ts";
import { apply, applyAndStay, command, nft, restore, type Step } from "./steps.ts";
import { ufwDisable, ufwEnable } from "./ufw.ts";

/** One of them. */
export interface Situation {
  readonly name: string;
  readonly steps: readonly Step[];
  /** An nft script that a process of its own loads and stays for, and a table of it. */
  readonly stays?: readonly [script: string, table: string];
  /** It needs iptables-legacy: see `legacyBlocker`. */
  readonly legacy?: true;
  /** What the daemon's log must hold about a grant that is shut elsewhere; null: the packet gets through. */
  readonly shutBy: RegExp | null;
}

/** The knocker's address. */
export const KNOCKER = ADDRESSES.knocker.ipv4;
const STRANGER = ADDRESSES.stranger.ipv4;
/** What an administrator writes. */
export const NATIVE = nft(nftablesGuard());
/** The same for iptables and ip6tables. */
export const IPTABLES: readonly Step[] = [
  { argv: ["iptables-restore"], stdin: iptablesGuard(4) },
  { argv: ["ip6tables-restore"], stdin: iptablesGuard(6) },
];
const LEGACY: readonly Step[] = [
  { argv: ["iptables-legacy-restore"], stdin: iptablesGuard(4) },
  { argv: ["ip6tables-legacy-restore"], stdin: iptablesGuard(6) },
];
const LONG_NAME = "n".repeat(255);

/** A table `inet other` with one base chain `other`. */
function other(hook: string, rules: readonly string[], more: readonly string[] = []): Step {
  const chain = `chain other {\n type filter hook ${hook}\n ${rules.join("\n ")}\n }`;
  return nft(`table inet other {\n ${[...more, chain].join("\n ")}\n}\n`);
}

const BLOCKLIST = "set blocked { type ipv4_addr; flags interval; }";

/** Every one. */
export const SITUATIONS: readonly Situation[] = [
  { name: "nothing at all", steps: [], shutBy: null },
  { name: "a native ruleset", steps: [NATIVE], shutBy: null },
  { name: "iptables", steps: IPTABLES, shutBy: null },
  { name: "iptables-legacy", steps: LEGACY, legacy: true, shutBy: null },
  { name: "ufw", steps: ufwEnable(), shutBy: null },
  { name: "ufw, disabled", steps: [...ufwEnable(), ...ufwDisable()], shutBy: null },
  {
    name: "fail2ban's table, somebody else banned",
    steps: [NATIVE, ...fail2banNftables.start, ...fail2banNftables.ban(STRANGER)],
    shutBy: null,
  },
  {
    name: "fail2ban's table, the knocker banned",
    steps: [NATIVE, ...fail2banNftables.start, ...fail2banNftables.ban(KNOCKER)],
    shutBy: /f2b-table f2b-chain/,
  },
  {
    name: "fail2ban's chain under ufw, somebody else banned",
    steps: [...ufwEnable(), ...fail2banIptables.start, ...fail2banIptables.ban(STRANGER)],
    shutBy: null,
  },
  { name: "Docker beside a native ruleset", steps: [NATIVE, ...docker], shutBy: null },
  { name: "Docker beside ufw", steps: [...ufwEnable(), ...docker], shutBy: null },
  { name: "Docker alone", steps: docker, shutBy: null },
  { name: "firewalld's table, everybody's", steps: [nft(firewalld())], shutBy: null },
  {
    name: "firewalld's table, its own",
    steps: [],
    stays: [firewalld("flags owner;"), "inet firewalld"],
    shutBy: /inet firewalld filter_INPUT.*NftablesTableOwner/,
  },
  {
    name: "firewalld's own table beside a native ruleset",
    steps: [NATIVE],
    stays: [firewalld("flags owner;"), "inet firewalld"],
    shutBy: /inet firewalld filter_INPUT.*NftablesTableOwner/,
  },
  {
    name: "a prerouting chain that drops the port",
    steps: [NATIVE, other("prerouting priority -300;", ["tcp dport 22 drop"])],
    shutBy: /inet other other/,
  },
  {
    name: "a prerouting chain that drops other ports",
    steps: [NATIVE, other("prerouting priority -300;", ["tcp dport { 23, 135 } drop", "ip saddr 192.0.2.0/24 drop"])],
    shutBy: null,
  },
  {
    name: "iptables' raw table drops the port",
    steps: [NATIVE, restore(["*raw", "-A PREROUTING -p tcp -m tcp --dport 22 -j DROP", "COMMIT"])],
    shutBy: /raw PREROUTING/,
  },
  {
    name: "netdev's ingress drops the port",
    steps: [
      NATIVE,
      nft(
        `table netdev other { chain other { type filter hook ingress device "${OUTER}" priority -500; tcp dport 22 drop; }; }`,
      ),
    ],
    shutBy: /netdev other other/,
  },
  {
    name: "inet's ingress drops the port",
    steps: [NATIVE, other(`ingress device "${OUTER}" priority -500;`, ["tcp dport 22 drop"])],
    shutBy: /inet other other/,
  },
  {
    name: "a blocklist that holds the knocker",
    steps: [
      NATIVE,
      other("input priority -10;", ["ip saddr @blocked drop"], [BLOCKLIST]),
      nft(`add element inet other blocked { 10.77.0.2/31 }`),
    ],
    shutBy: /inet other other/,
  },
  {
    name: "a blocklist that holds others",
    steps: [
      NATIVE,
      other("input priority -10;", ["ip saddr @blocked drop"], [BLOCKLIST]),
      nft(`add element inet other blocked { 10.77.0.3, 192.0.2.0/24 }`),
    ],
    shutBy: null,
  },
  {
    name: "drops by interface and by limit",
    steps: [
      NATIVE,
      other("input priority -5;", ['iifname "wg0" drop', "tcp dport 22 limit rate over 1000/second drop"]),
    ],
    shutBy: null,
  },
  {
    name: "two tables that drop",
    steps: [NATIVE, other("input priority 5; policy drop;", ["ct state established accept"])],
    shutBy: null,
  },
  {
    name: "a chain that drops the port",
    steps: [NATIVE, other("input priority 5;", ["tcp dport 22 drop"])],
    shutBy: null,
  },
  {
    name: "a verdict map that drops the port",
    steps: [NATIVE, other("input priority 5;", ["tcp dport vmap { 22 : drop, 80 : accept }"])],
    shutBy: null,
  },
  {
    name: "a chain that goes to one that drops",
    steps: [
      NATIVE,
      other("input priority 5;", ["ct state established accept", "jump away"], ["chain away { counter; drop; }"]),
    ],
    shutBy: null,
  },
  {
    name: "a dormant table",
    steps: [
      NATIVE,
      nft("add table inet other { flags dormant; }"),
      nft("add chain inet other other { type filter hook prerouting priority 0; policy drop; }"),
    ],
    shutBy: null,
  },
  {
    name: "a dormant table that woke up",
    steps: [
      NATIVE,
      nft("add table inet other { flags dormant; }"),
      nft("add chain inet other other { type filter hook input priority 5; policy drop; }"),
      nft("add table inet other"),
    ],
    shutBy: null,
  },
  {
    name: "names of 255 bytes",
    steps: [
      NATIVE,
      nft(`table inet ${LONG_NAME} { chain ${LONG_NAME} { type filter hook input priority 5; policy drop; }; }`),
    ],
    shutBy: null,
  },
  {
    name: "names with quotes, spaces and letters beyond ASCII",
    steps: [NATIVE, { argv: oddNames('say "grüß Gott" \\ \u202e; flush ruleset', "{ 端 }\n'chain'") }],
    shutBy: null,
  },
  {
    name: "tables of bridge and arp",
    steps: [
      NATIVE,
      nft("table bridge other { chain other { type filter hook input priority 0; policy drop; }; }"),
      nft("table arp other { chain other { type filter hook input priority 0; arp operation request counter; }; }"),
    ],
    shutBy: null,
  },
  { name: "a native ruleset and iptables", steps: [NATIVE, ...IPTABLES], shutBy: /(filter INPUT|inet guard input)/ },
  {
    name: "a native ruleset and iptables-legacy",
    steps: [NATIVE, ...LEGACY],
    legacy: true,
    shutBy: /(filter INPUT|inet guard input)/,
  },
  {
    name: "iptables and iptables-legacy",
    steps: [...IPTABLES, ...LEGACY],
    legacy: true,
    shutBy: /filter INPUT/,
  },
];

/** Empties the server's packet filter, that of iptables-legacy included, whatever puts rules back meanwhile. */
export async function emptyFilter(lab: Lab): Promise<void> {
  const stdin = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
  const legacy = ["iptables-legacy-restore", "ip6tables-legacy-restore"].map((tool) => ({ argv: [tool], stdin }));
  await apply(lab, [command("nft flush ruleset"), ...(await usesLegacy(lab) ? legacy : [])]);
}

async function usesLegacy(lab: Lab): Promise<boolean> {
  return (await lab.run("server", ["cat", "/proc/net/ip_tables_names"])).stdout.includes("filter");
}

/** Why iptables-legacy cannot be used here, or null: newer kernels may be without it. */
export function legacyBlocker(): string | null {
  const args = ["--net", "iptables-legacy", "-w", "-S"];
  const { success } = new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).outputSync();
  return success ? null : "iptables-legacy does not work here";
}

/** Loads a situation. The process that stays for it, if one does, ends with the lab or when it is stopped. */
export async function load(lab: Lab, { steps, stays }: Situation): Promise<Program | null> {
  await apply(lab, steps);
  return stays === undefined ? null : await applyAndStay(lab, ...stays);
}
