/** What an operator should know of the rules before grants are opened in them: whether they drop anything, and our own port. Pure. */
import { FirewallError, type Slot } from "../firewall.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import { chainRules, type RuleListing, splitWords } from "../save_text.ts";
import type { FamilyTools } from "./tools.ts";

/** Chains of the kernel that incoming packets pass, and all that there are. */
const INCOMING = ["PREROUTING", "INPUT"];
const BUILT_IN = new Set([...INCOMING, "FORWARD", "OUTPUT", "POSTROUTING"]);
/** Targets after which a packet goes on, or is let through. Any other may drop it. */
const HARMLESS = new Set([
  ...["ACCEPT", "RETURN", "LOG", "NFLOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TCPMSS", "TTL", "HL", "DSCP", "TOS"],
  ...["DNAT", "REDIRECT", "CHECKSUM", "CLASSIFY", "SET", "TRACE"],
]);
/** Targets that never let a packet through. */
const STRICT = new Set(["DROP", "REJECT", "LOG", "NFLOG", "RETURN", "MARK", "CONNMARK", "SET", "TRACE"]);

/** Throws `FirewallError` where a chain that is to get our jump is not there. */
export function requireChains(listing: RuleListing, chains: ChainSpecs, active: readonly Slot[]): void {
  for (const slot of active) {
    const { from, table } = chains[slot];
    if (BUILT_IN.has(from) || chainRules(listing, table, from) !== null) continue;
    throw new FirewallError(
      `Cannot use the chain "${from}": it is not in the table "${table}" of iptables`,
      `create it (iptables -t ${table} -N ${from}), or correct the IPT_*_ACCESS directive that names it`,
    );
  }
}

/** Warnings of one family. `udpPort`: where this daemon listens itself, or null. */
export function examineListing(listing: RuleListing, tools: FamilyTools, udpPort: number | null): readonly string[] {
  const program = tools.family === 4 ? "iptables" : "ip6tables";
  if (!mayDrop(listing)) {
    return [
      `${program} drops no incoming packet: what nothing else drops is open already over IPv${tools.family}, with or ` +
      `without a knock; set the policy of INPUT to DROP (${program} -P INPUT DROP)`,
    ];
  }
  if (udpPort === null || !dropsUdp(listing, udpPort)) return [];
  return [
    `The chain INPUT of ${program} drops UDP packets to port ${udpPort}, where this daemon listens: no knock will arrive; ` +
    `let them in (${program} -I INPUT -p udp --dport ${udpPort} -j ACCEPT)`,
  ];
}

function mayDrop(listing: RuleListing): boolean {
  return [...listing.tables].some(([table, chains]) =>
    INCOMING.some((chain) => listing.policies.get(`${table} ${chain}`) === "DROP") ||
    reachable(listing, table, INCOMING).some((rule) => {
      const target = targetOf(rule);
      return target !== null && !HARMLESS.has(target) && !chains.has(target);
    })
  );
}

/** Whether a new UDP packet from outside is dropped for sure: by default, and no rule there is could accept it. */
function dropsUdp(listing: RuleListing, port: number): boolean {
  const rules = chainRules(listing, "filter", "INPUT") ?? [];
  const byDefault = listing.policies.get("filter INPUT") === "DROP" ||
    rules.some((rule) => /^-j (?:DROP|REJECT)\b/.test(rule));
  const chains = listing.tables.get("filter");
  return byDefault && reachable(listing, "filter", ["INPUT"]).every((rule) => {
    const target = targetOf(rule);
    return target === null || STRICT.has(target) || chains?.has(target) === true || excludesUdp(splitWords(rule), port);
  });
}

/** Whether the rule is for no new UDP packet to the port from another host. What is not understood is for all. */
function excludesUdp(words: readonly string[], port: number): boolean {
  const after = (...names: string[]) => words[words.findIndex((word) => names.includes(word)) + 1] ?? "";
  const has = (name: string) => words.includes(name);
  if (has("!")) return false;
  if (has("-i") && after("-i") === "lo") return true;
  if (has("-p") && ["tcp", "icmp", "ipv6-icmp", "sctp", "esp", "ah", "igmp"].includes(after("-p"))) return true;
  const states = has("--ctstate") || has("--state") ? after("--ctstate", "--state").split(",") : [];
  if (states.length > 0 && states.every((state) => /^(?:RELATED|ESTABLISHED)$/.test(state))) return true;
  if (!has("-p") || after("-p") !== "udp" || !has("--dport")) return false;
  const [from = NaN, to = from] = after("--dport").split(":").map(Number);
  return port < from || port > to;
}

/** The rules of these chains and of all that they lead to. */
function reachable(listing: RuleListing, table: string, first: readonly string[]): readonly string[] {
  const names = [...first];
  const rules: string[] = [];
  for (const name of names) {
    for (const rule of chainRules(listing, table, name) ?? []) {
      rules.push(rule);
      const target = targetOf(rule);
      if (target !== null && listing.tables.get(table)?.has(target) && !names.includes(target)) names.push(target);
    }
  }
  return rules;
}

function targetOf(rule: string): string | null {
  const words = splitWords(rule);
  const at = words.findIndex((word) => word === "-j" || word === "-g");
  return at < 0 ? null : words[at + 1] ?? null;
}
