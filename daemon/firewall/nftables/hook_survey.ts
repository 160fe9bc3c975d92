/** What stands in the way of a packet: the base chains of a hook, whether they can drop, and to whom they belong. Pure. */
import { isIptablesTable } from "./iptables_tables.ts";
import type { Log } from "../../../lib/log.ts";
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import {
  type Chain,
  type ChainKey,
  list,
  record,
  type Rule,
  type Ruleset,
  rulesOf,
  type Statement,
} from "./ruleset.ts";
import { type FilterSlot, PREFIX } from "./set_layout.ts";

/** A chain by nft's names, as in `NFT_INPUT_CHAINS`. */
export interface ChainName {
  readonly family: TableFamily;
  readonly table: string;
  readonly chain: string;
}

/** A base chain that packets of a hook pass. */
export interface BaseChain extends ChainName {
  readonly hook: FilterSlot;
  readonly priority: number;
  /** `default`: what nothing lets in is dropped; `some`: it drops some packets; `nothing`: it cannot drop. */
  readonly drops: "nothing" | "some" | "default";
  /** The table belongs to iptables-nft: nothing of ours may be put there. */
  readonly iptables: boolean;
  /** Whether a rule lets packets of established connections in. */
  readonly acceptsEstablished: boolean;
  /** Whether a rule lets ICMPv6 neighbour discovery in. */
  readonly acceptsNeighbourDiscovery: boolean;
}

/** The answer to "which backend". */
export interface HookSurvey {
  /** Native base chains that can drop: this backend goes into all of them. */
  readonly droppingChains: readonly BaseChain[];
  /** Base chains of iptables-nft that can drop. */
  readonly iptablesManaged: readonly BaseChain[];
}

/** Families whose base chains see the IP packets of this host. */
const FAMILIES: readonly TableFamily[] = ["ip", "ip6", "inet"];

/** All base chains of the hook, those that cannot drop included. A dormant table counts: it can be woken at any time. */
export function baseChains(ruleset: Ruleset, hook: FilterSlot): readonly BaseChain[] {
  return ruleset.chains.filter((chain) =>
    chain.base?.hook === hook && chain.base.type === "filter" && FAMILIES.includes(chain.family)
  ).map((chain) => inspectChain(ruleset, chain, hook));
}

/** The base chains of the hooks that can drop, by owner. */
export function surveyRuleset(ruleset: Ruleset, hooks: readonly FilterSlot[]): HookSurvey {
  const dropping = hooks.flatMap((hook) => baseChains(ruleset, hook)).filter(({ drops }) => drops !== "nothing");
  return {
    droppingChains: dropping.filter(({ iptables }) => !iptables),
    iptablesManaged: dropping.filter(({ iptables }) => iptables),
  };
}

/**
 * What a chain that drops has to let in for IPv6 to work: neighbours and routers, the questions and reports about groups by
 * which switches know where to send what is for neighbour discovery, and the answers of DHCPv6 servers.
 */
export const IPV6_UPKEEP: readonly string[] = [
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
  "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
  "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
];

/** Says what will hurt: connections that end with the grant, IPv6 that cannot find its neighbours. */
export function warnAboutChains(chains: readonly BaseChain[], log: Log): void {
  for (const chain of chains.filter(({ drops }) => drops === "default")) {
    if (!chain.acceptsEstablished) {
      log(
        "warning",
        `${
          formatChain(chain)
        } has no rule that accepts established connections: connections will break when the grant ` +
          `that let them in ends; add "ct state established,related accept"`,
      );
    }
    if (chain.hook === "input" && chain.family !== "ip" && !chain.acceptsNeighbourDiscovery) {
      log(
        "warning",
        `${formatChain(chain)} does not let ICMPv6 neighbour discovery in: nobody will reach this host by IPv6; add ` +
          IPV6_UPKEEP.map((rule) => `"${rule}"`).join(", "),
      );
    }
  }
}

/** `inet filter input`. */
export function formatChain({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}

function inspectChain(ruleset: Ruleset, chain: Chain, hook: FilterSlot): BaseChain {
  const reached = reachableRules(ruleset, chain);
  const ending = walkChain(ruleset, chain, new Map());
  const byDefault = ending.end === "drop" || (ending.end === "through" && chain.base?.policy === "drop");
  return {
    family: chain.family,
    table: chain.table,
    chain: chain.name,
    hook,
    priority: chain.base?.priority ?? 0,
    drops: byDefault ? "default" : ending.drops ? "some" : "nothing",
    iptables: isIptablesTable(ruleset, chain.family, chain.table),
    acceptsEstablished: reached.some(acceptsEstablished),
    acceptsNeighbourDiscovery: reached.some(acceptsNeighbourDiscovery),
  };
}

interface Walk {
  /** Whether any rule can drop. */
  readonly drops: boolean;
  /** What becomes of a packet that no condition catches. */
  readonly end: "drop" | "accept" | "through";
}

/** Follows a chain and the chains it leads to, each once. */
function walkChain(ruleset: Ruleset, chain: ChainKey, known: Map<string, Walk>): Walk {
  const before = known.get(chain.name);
  if (before !== undefined) return before;
  // The kernel accepts no loops; a listing that shows one is merely not followed.
  known.set(chain.name, { drops: false, end: "through" });
  const walk = walkRules(ruleset, chain, known);
  known.set(chain.name, walk);
  return walk;
}

function walkRules(ruleset: Ruleset, chain: ChainKey, known: Map<string, Walk>): Walk {
  let drops = false;
  for (const rule of rulesOf(ruleset, chain)) {
    for (const { verdict, target } of verdicts(rule)) {
      const inner = target === null
        ? null
        : walkChain(ruleset, { family: chain.family, table: chain.table, name: target }, known);
      drops ||= inner === null ? verdict === "drop" : inner.drops;
      if (isConditional(rule)) continue;
      if (verdict === "return") return { drops, end: "through" };
      const end = inner === null ? verdict : inner.end;
      if (end === "drop" || end === "accept") return { drops, end };
      if (verdict === "goto") return { drops, end: "through" };
    }
  }
  return { drops, end: "through" };
}

interface Verdict {
  readonly verdict: "drop" | "accept" | "jump" | "goto" | "return";
  /** The chain of ours or theirs that it leads to. */
  readonly target: string | null;
}

/** The verdicts that a rule can come to. A map with a name may hold anything: it counts as one that drops. */
function verdicts(rule: Rule): readonly Verdict[] {
  return rule.statements.flatMap((statement) => {
    if (!("vmap" in statement)) return verdictOf(statement);
    const { data } = record(statement.vmap);
    if (typeof data === "string") return [{ verdict: "drop" as const, target: null }];
    return list(record(data).set).flatMap((pair) => verdictOf(record(list(pair)[1])));
  });
}

function verdictOf(statement: Statement): readonly Verdict[] {
  const xt = record(statement.xt);
  // iptables targets that nft cannot translate are only named.
  if ("drop" in statement || "reject" in statement || xt.name === "REJECT" || xt.name === "DROP") {
    return [{ verdict: "drop", target: null }];
  }
  if ("accept" in statement) return [{ verdict: "accept", target: null }];
  if ("return" in statement) return [{ verdict: "return", target: null }];
  for (const verdict of ["jump", "goto"] as const) {
    const target = record(statement[verdict]).target;
    if (typeof target === "string" && !target.startsWith(PREFIX)) return [{ verdict, target }];
  }
  return [];
}

/** Statements after which a packet goes on to the verdict whatever it is. */
const UNCONDITIONAL = new Set(["counter", "log", "comment", "mangle", "notrack", "ct helper", "secmark", "meter"]);

function isConditional(rule: Rule): boolean {
  return rule.statements.some((statement) => {
    const [name = ""] = Object.keys(statement);
    if (name === "xt") return record(statement.xt).type !== "target";
    return verdictOf(statement).length === 0 && !UNCONDITIONAL.has(name);
  });
}

/** The rules of a chain and of all that it leads to. */
export function reachableRules(ruleset: Ruleset, chain: ChainKey): readonly Rule[] {
  const names = [chain.name];
  const seen = new Set(names);
  const rules: Rule[] = [];
  for (const name of names) {
    for (const rule of rulesOf(ruleset, { family: chain.family, table: chain.table, name })) {
      rules.push(rule);
      for (const { target } of verdicts(rule)) {
        if (target === null || seen.has(target)) continue;
        seen.add(target);
        names.push(target);
      }
    }
  }
  return rules;
}

function leadsToAccept(rule: Rule): boolean {
  return verdicts(rule).some(({ verdict }) => verdict === "accept") || rule.statements.some((one) => "vmap" in one);
}

function acceptsEstablished(rule: Rule): boolean {
  const words = JSON.stringify(rule.statements);
  // iptables matches that nft cannot translate are only named: the benefit of the doubt.
  return leadsToAccept(rule) && (/"established"/.test(words) || /"(conntrack|state)"/.test(words));
}

function acceptsNeighbourDiscovery(rule: Rule): boolean {
  const words = JSON.stringify(rule.statements);
  if (!leadsToAccept(rule)) return false;
  return /"nd-neighbor-solicit"/.test(words) || /"(ipv6-icmp|icmpv6)"/.test(words) && !/"field":"type"/.test(words);
}
