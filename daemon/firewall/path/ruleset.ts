/** The ruleset as far as it is on the way of packets: tables, chains, and the rules of those chains that packets reach. Pure. */
import type { BaseChainInfo, ChainInfo, TableInfo, TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import { type Hook, type Owner } from "./model.ts";
import type { Rule } from "./rule.ts";
import type { RuleList } from "./rule_list.ts";

/** A chain. */
export interface Chain {
  readonly name: string;
  readonly handle: bigint;
  /** Null where it is only jumped to. */
  base: BaseChainInfo | null;
  /** Whether packets come here, as far as that was looked at. */
  reached: boolean;
  /** Null while they are not known. */
  rules: RuleList | null;
  /** Changes that were told while the rules are being read, "unknown" when some were missed; null at other times. */
  pending: RulesetChange[] | "unknown" | null;
  /**
   * New rules that stand behind one that was not told yet, by the handle of that one: the rules of a transaction are told in
   * the order in which they were asked for. While there are any, the rules are not known.
   */
  readonly orphans: Map<number, Rule>;
}

/** A table. */
export interface Table extends TableName {
  readonly handle: bigint;
  dormant: boolean;
  /** It belongs to a process that alone may change it. */
  locked: boolean;
  readonly chains: Map<string, Chain>;
  /** Grows with every change of its rules. */
  version: number;
}

/** Tables by {@link tableKey}. */
export type Tables = Map<string, Table>;

/** The families whose chains see the IP packets of this host. */
const FAMILIES = new Set(["inet", "ip", "ip6", "netdev"]);

/** A key for the table. */
export function tableKey({ family, table }: TableName): string {
  return `${family} ${table}`;
}

/** Whether chains of the table can be on the way. */
export function isOnTheWay({ family }: Pick<TableName, "family">): boolean {
  return FAMILIES.has(family);
}

/** A table that was just told of. */
export function newTable({ family, table, handle, dormant, owner }: TableInfo): Table {
  return { family, table, handle, dormant, locked: owner !== null, chains: new Map(), version: 0 };
}

/**
 * Makes the tables those that there are, and their chains. The rules that are known stay known where the chain is still the
 * same one.
 */
export function adoptSkeleton(tables: Tables, infos: readonly TableInfo[], chains: readonly ChainInfo[]): void {
  const found = new Set<string>();
  for (const info of infos.filter(isOnTheWay)) {
    const key = tableKey(info);
    found.add(key);
    const known = tables.get(key);
    if (known === undefined || known.handle !== info.handle) tables.set(key, newTable(info));
    else Object.assign(known, { dormant: info.dormant, locked: info.owner !== null });
  }
  for (const key of tables.keys()) if (!found.has(key)) tables.delete(key);
  const names = new Map<Table, Set<string>>();
  for (const info of chains) {
    const table = tables.get(tableKey(info));
    if (table === undefined) continue;
    names.set(table, (names.get(table) ?? new Set()).add(info.chain));
    const known = table.chains.get(info.chain);
    if (known !== undefined && known.handle === info.handle) known.base = info.base;
    else table.chains.set(info.chain, newChain(info, null));
  }
  for (const table of tables.values()) {
    for (const name of table.chains.keys()) if (!names.get(table)?.has(name)) table.chains.delete(name);
  }
}

/** A chain that was just told of. */
export function newChain({ chain, handle, base }: ChainInfo, rules: RuleList | null): Chain {
  return { name: chain, handle, base, reached: base !== null, rules, pending: null, orphans: new Map() };
}

/** Changes were missed: no rule is known any more. */
export function forgetRules(tables: Tables): void {
  for (const table of tables.values()) {
    table.version++;
    for (const chain of table.chains.values()) {
      chain.rules = null;
      chain.orphans.clear();
      if (chain.pending !== null) chain.pending = "unknown";
    }
  }
}

/** The hook by its number in the family; null for one that is not on the way. */
export function hookOf(family: TableName["family"], { hook }: BaseChainInfo): Hook | null {
  if (family === "netdev") return hook === 0 ? "ingress" : null;
  const hooks: readonly Hook[] = ["prerouting", "input", "forward", "output", "postrouting", "ingress"];
  return hooks[hook] ?? null;
}

/** The table of firewalld, and the one that drops everything while that one is made anew. */
const FIREWALLD_TABLES = new Set(["firewalld", "firewalld_policy_drop"]);
const IPTABLES_TABLES = new Set(["filter", "nat", "mangle", "raw", "security"]);
const IPTABLES_CHAINS = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/**
 * Whose the table is. That of firewalld has its name. That of iptables-nft is known by its name and its upper-case chains of the kernel: nothing of ours is
 * ever put there, because iptables-save would write a rule of ours without its set, and a restore would let everybody in.
 */
export function ownerOf({ family, table, chains }: Table): Owner {
  const named = (family === "ip" || family === "ip6") && IPTABLES_TABLES.has(table);
  const built = [...IPTABLES_CHAINS].some((name) => chains.get(name)?.base);
  if (named && built) return "iptables-nft";
  return FIREWALLD_TABLES.has(table) ? "firewalld" : "nftables";
}
